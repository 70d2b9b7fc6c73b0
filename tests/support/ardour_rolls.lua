-- Opens a session in Ardour on JACK, without its window, and does what it is told, line by line:
-- each line of its input is a piece of Lua, after which it prints DONE. MAP makes the tempo map; it
-- is saved with the session, which is loaded anew, so that all of Ardour's threads have it.
function tell(...)
  local words = {...}
  for i, word in ipairs(words) do words[i] = tostring(word) end
  print(table.concat(words, "\t"))
  io.stdout:flush()
end
local folder = os.getenv("SESSION_FOLDER")
AudioEngine:set_backend("JACK", "ardour", "")
session = create_session(folder, "rolls", 48000)
assert(session, "no session")
local map = Temporal.TempoMap.fetch_writable()
assert(load("local map = ...; " .. os.getenv("MAP")))(map)
Temporal.TempoMap.update(map)
session:save_state("")
close_session()
session = load_session(folder, "rolls")
session:cfg():set_external_sync(true)
session:cfg():set_jack_time_master(true)
UI = ARDOUR.TransportRequestSource.TRS_UI
tell("READY")
for line in io.lines() do
  local piece, why = load(line)
  if piece then
    local fine, fault = pcall(piece)
    if not fine then tell("FAULT", fault) end
  else
    tell("FAULT", why)
  end
  tell("DONE")
end
close_session()
quit()
