-- Opens a session in Ardour without its window, saves it, and prints what is in it, a line each.
function tell(...)
  local words = {...}
  for i, word in ipairs(words) do words[i] = tostring(word) end
  print(table.concat(words, "\t"))
end
local folder, name = os.getenv("SESSION_FOLDER"), os.getenv("SESSION_NAME")
AudioEngine:set_backend("None (Dummy)", "", "")
local session = load_session(folder, name)
assert(session, "no session")
for track in session:get_tracks():iter() do
  for region in track:to_track():playlist():region_list():iter() do
    tell("REGION", track:name(), region:position():samples(), region:length():samples(), region:start():samples())
    local midi = region:to_midiregion()
    if not midi:isnil() then
      for note in ARDOUR.LuaAPI.note_list(midi:model()):iter() do
        tell("NOTE", track:name(), note:channel(), note:note(), note:velocity(), note:time():str(), note:length():str())
      end
    end
  end
end
local map = Temporal.TempoMap.read()
for second = 0, 12 do
  local at = Temporal.timepos_t(math.floor(second * session:nominal_sample_rate() + 0.5))
  tell("TEMPO", second, map:tempo_at(at):note_types_per_minute(), map:quarters_at(at):str())
end
for beat = 0, 30 do
  local at = Temporal.timepos_t.from_ticks(beat * 1920)
  local bbt = map:bbt_at(at)
  tell("PLACE", beat, bbt.bars, bbt.beats, bbt.ticks)
end
for mark in session:locations():list():iter() do
  if mark:is_mark() then tell("MARK", mark:start():samples(), mark:name()) end
end
session:save_state("")
close_session()
quit()
