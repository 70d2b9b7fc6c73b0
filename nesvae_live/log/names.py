"""The names of the log's format: of its entries, and of the events and inputs in them.

They are public: a name stays when the class behind it is renamed, and so do the names of fields.
"""

from __future__ import annotations

from typing import Any

from nesvae_live.clock.jackclock import TransportIn
from nesvae_live.control import gestureinputs, inputs
from nesvae_live.log import entries
from nesvae_live.log.entries import Entry
from nesvae_live.music.events import LOUDEST, Event, NoteOff, NoteOn, Shape
from nesvae_live.music.ranges import Range

FORMAT = "nesvae_live jam"
"""The value of `format` in the first line."""

ENTRY_KINDS: dict[str, type[Entry]] = {
    "opened": entries.Opened,
    "stepped": entries.Stepped,
    "heard": entries.Heard,
    "answered": entries.Answered,
    "overtaken": entries.Overtaken,
    "performed": entries.Performed,
    "drummed": entries.Drummed,
    "turned": entries.Turned,
    "posed": entries.Posed,
    "quoted": entries.Quoted,
    "themed": entries.Themed,
    "lent": entries.Lent,
    "harmonised": entries.Harmonised,
    "replied": entries.Replied,
    "arranged": entries.Arranged,
    "decoded": entries.Decoded,
    "placed": entries.Placed,
    "spliced": entries.Spliced,
    "clocked": entries.Clocked,
    "metered": entries.Metered,
    "sent": entries.Sent,
    "sounded": entries.Sounded,
    "silenced": entries.Silenced,
    "rendered": entries.Rendered,
    "barred": entries.Barred,
    "noted": entries.Noted,
    "closed": entries.Closed,
}
"""Every entry by its kind."""

EVENTS: dict[str, type[Event]] = {"on": NoteOn, "off": NoteOff, "shape": Shape}
"""The events that a `sent` entry can hold, by name."""

EVENT_RANGES: dict[str, Range] = {
    "note": Range(1, 127),
    "velocity": Range(1, 127),
    "volume": Range(0, LOUDEST),
    "duty": Range(0, 3),
    "cents": Range(-12_000, 12_000),
}
"""What the numbers of an event may be."""

INPUTS: dict[str, type[Any]] = {
    "midi_in": inputs.MidiIn,
    "transport": TransportIn,
    "turn_page": inputs.TurnPage,
    "refresh": inputs.Refresh,
    "learn": inputs.Learn,
    "unlearn": inputs.Unlearn,
    "get_learning": inputs.GetLearning,
    "release_knobs": gestureinputs.ReleaseKnobs,
    "set_transpose": gestureinputs.SetTranspose,
    "set_key": gestureinputs.SetKey,
    "set_temperature": gestureinputs.SetTemperature,
    "keep_theme": gestureinputs.KeepTheme,
    "return_theme": gestureinputs.ReturnTheme,
    "forget_all": gestureinputs.ForgetAll,
    "set_quote": gestureinputs.SetQuote,
    "set_steady": gestureinputs.SetSteady,
    "give_voice": gestureinputs.GiveVoice,
    "give_line": gestureinputs.GiveLine,
    "set_keys_return": gestureinputs.SetKeysReturn,
    "set_keys_split": gestureinputs.SetKeysSplit,
    "set_answer": gestureinputs.SetAnswer,
    "set_chords": gestureinputs.SetChords,
    "set_seed": gestureinputs.SetSeed,
    "set_hold": gestureinputs.SetHold,
    "look_back": gestureinputs.LookBack,
    "store_snapshot": gestureinputs.StoreSnapshot,
    "store_point": gestureinputs.StorePoint,
    "clear_snapshot": gestureinputs.ClearSnapshot,
    "recall_snapshot": gestureinputs.RecallSnapshot,
    "aim_recall": gestureinputs.AimRecall,
    "start_morph": gestureinputs.StartMorph,
    "set_morph_bars": gestureinputs.SetMorphBars,
    "set_pair": gestureinputs.SetPair,
    "move_fader": gestureinputs.MoveFader,
    "set_bounds": gestureinputs.SetBounds,
    "roll": gestureinputs.Roll,
    "capture": gestureinputs.Capture,
    "capture_phrase": gestureinputs.CapturePhrase,
    "set_point": gestureinputs.SetPoint,
    "set_auto": gestureinputs.SetAuto,
    "go_round": gestureinputs.GoRound,
    "mark": gestureinputs.Mark,
    "set_knob": inputs.SetKnob,
    "set_mute": inputs.SetMute,
    "set_level": inputs.SetLevel,
    "set_solo": inputs.SetSolo,
    "set_swap": inputs.SetSwap,
    "set_tempo": inputs.SetTempo,
    "tap": inputs.Tap,
    "set_one": inputs.SetOne,
    "link_bar": inputs.LinkBar,
    "keep_bars": inputs.KeepBars,
    "panic": inputs.Panic,
    "pause": inputs.Pause,
    "stop": inputs.Stop,
    "get_status": inputs.GetStatus,
}
"""The inputs that a `heard` entry can hold, by name."""
