-- Opens a new session in Ardour on JACK, without its window, and does what it is told, line by line:
-- each line of its input is a piece of Lua, after which it prints DONE.
function tell(...)
  local words = {...}
  for i, word in ipairs(words) do words[i] = tostring(word) end
  print(table.concat(words, "\t"))
  io.stdout:flush()
end
AudioEngine:set_backend("JACK", "ardour", "")
session = create_session(os.getenv("SESSION_FOLDER"), "rolls", AudioEngine:sample_rate())
assert(session, "no session")
tell("READY")
for line in io.lines() do
  local piece, why = load(line)
  if piece then
    local fine, error = pcall(piece)
    if not fine then tell("FAULT", error) end
  else
    tell("FAULT", why)
  end
  tell("DONE")
end
close_session()
quit()
