from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nesvae_live import paths
from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.layout import Layout, Page
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.music.voices import Voice
from nesvae_live.paths import ConfigError, find_checkpoint
from nesvae_live.presets import preset as config
from nesvae_live.presets.preset import load_preset, read_preset
from tests.support.places import PRESETS

MINE = """
name = "mine"
description = "one knob"
[knobs]
density = { cc = 20 }
motion = { cc = 20, channel = 2 }
"""


def picked_up(target: str, cc: int) -> ControlSpec:
    return ControlSpec(target, cc, takeover=Takeover.PICKUP)


@pytest.fixture
def preset_file(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


@pytest.fixture
def user_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "presets"
    folder.mkdir()
    monkeypatch.setattr(config, "user_presets_dir", lambda: folder)
    return folder


def test_the_default_preset_has_the_eight_attributes_on_cc_20_to_27_of_any_channel() -> None:
    controls = load_preset().layout.controls
    assert controls[:8] == tuple(picked_up(KNOBS[i].name, 20 + i) for i in range(8))


def test_the_default_preset_has_eight_style_axes_on_cc_102_to_109() -> None:
    controls = load_preset().layout.controls
    assert controls[8:16] == tuple(picked_up(f"style{i + 1}", 102 + i) for i in range(8))


def test_the_default_preset_has_the_knobs_of_the_sound_on_cc_110_to_119() -> None:
    controls = load_preset().layout.controls
    sound = controls[16 : 16 + len(SOUND_KNOBS)]
    assert sound == tuple(picked_up(k.name, 110 + i) for i, k in enumerate(SOUND_KNOBS))


def test_the_default_preset_mutes_nothing_and_leaves_play_to_the_command_line() -> None:
    preset = load_preset("default")
    assert preset.name == "default"
    assert preset.muted == frozenset()
    assert preset.play == config.Play()


def test_every_shipped_preset_is_valid_and_named_as_its_file() -> None:
    files = list(paths.shipped_dir("presets").glob("*.toml"))
    assert files
    for path in files:
        preset = read_preset(path)
        assert preset.name == path.stem
        assert preset.description


def test_what_a_preset_says_is_what_is_read(preset_file: Path) -> None:
    preset_file.write_text(
        'name = "n"\ndescription = "d"\n[knobs]\nbass = { cc = 7, channel = 16 }\n'
        '[voices]\nmute = ["TR", "P2"]\n[play]\ntempo = 96\ntemperature = 0.9\ntop_p = 0.95\nquote = 0\n'
        'clock_lost = "coast"\n',
        encoding="utf-8",
    )
    assert load_preset(str(preset_file)) == config.Preset(
        name="n",
        description="d",
        layout=Layout((ControlSpec("bass", 7, channel=15),)),
        muted=frozenset({Voice.TR, Voice.P2}),
        play=config.Play(tempo=96.0, temperature=0.9, top_p=0.95, quote=0.0, clock_lost="coast"),
        path=preset_file,
    )


def test_controls_have_kinds_options_defaults_and_pages(preset_file: Path) -> None:
    preset_file.write_text(
        """
[defaults]
takeover = "pickup"
channel = 3
[knobs]
bass = { nrpn = 300, range = [0.8, 0.2], curve = "s", deadband = 4 }
focus = [{ bend = true }, { twos = 10, channel = 4, speed = 2, takeover = "none" }]
[actions]
mute-P1 = { note = 36, momentary = true, feedback = true, lit = 60 }
[[pages]]
name = "style"
[pages.knobs]
style1 = { cc = 7, feedback = 48 }
[[pages]]
""",
        encoding="utf-8",
    )
    preset = read_preset(preset_file)
    pickup: dict[str, Any] = {"channel": 2, "takeover": Takeover.PICKUP}
    assert preset.layout.controls == (
        ControlSpec("bass", 300, kind="nrpn", low=0.8, high=0.2, curve="s", deadband=4, **pickup),
        ControlSpec("focus", kind="bend", **pickup),
        ControlSpec("focus", 10, 3, kind="twos", speed=2.0),
        ControlSpec("mute-P1", 36, kind="note", momentary=True, feedback=True, lit=60, **pickup),
    )
    page = Page("style", (ControlSpec("style1", 7, feedback=48, **pickup),))
    assert preset.layout.pages == (page, Page("2", ()))
    assert preset.surface().layout == preset.layout


def test_an_empty_preset_is_named_as_its_file_and_turns_nothing(preset_file: Path) -> None:
    preset_file.write_text("", encoding="utf-8")
    preset = read_preset(preset_file)
    assert (preset.name, preset.layout.controls) == ("mine", ())


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("knob = {}", ["knob: unknown key", "did you mean 'knobs'?", "allowed: name, "]),
        ("[knobs]\ndensty = { cc = 20 }", ["knobs.densty", "did you mean 'density'?"]),
        ("[knobs]\nwobble = { cc = 20 }", ["knobs.wobble", "style1 to style32"]),
        ("[knobs]\nstyle33 = { cc = 20 }", ["knobs.style33", "style1 to style32"]),
        ("[knobs]\nbass = { cc = 20, chanel = 1 }", ["knobs.bass.chanel", "'channel'"]),
        ("[knobs]\nbass = { cc = 128 }", ["knobs.bass", "128", "0 to 127"]),
        ("[knobs]\nbass = { cc = -1 }", ["knobs.bass", "-1", "0 to 127"]),
        ("[knobs]\nbass = { cc = 64 }", ["knobs.bass", "CC 64 is reserved", "sustain"]),
        ("[knobs]\nbass = { cc = 0 }", ["CC 0 is reserved", 'gives_up = "bank select"']),
        ("[knobs]\nbass = { cc = 1, gives_up = 'all' }", ["gives_up 'all'", "isn't reserved"]),
        ("[knobs]\nbass = { cc = 0, gives_up = 'all' }", ["CC 0 is reserved (bank select)"]),
        ("[knobs]\nbass = { cc = 123 }", ["knobs.bass", "CC 123 is reserved"]),
        (
            "[knobs]\nbass = { cc = '20' }",
            ["knobs.bass.cc", 'expected a whole number, got text in ""'],
        ),
        (
            "[knobs]\nbass = { cc = true }",
            ["knobs.bass.cc", "expected a whole number, got true or false"],
        ),
        ("[knobs]\nbass = { cc = 20.5 }", ["knobs.bass.cc", "expected a whole number"]),
        ("[knobs]\nbass = 20", ["knobs.bass", "write it as { cc = 20 }"]),
        ("[knobs]\nbass = {}", ["knobs.bass: needs one of cc, cc14", "bass = { cc = 20 }"]),
        ("[knobs]\nbass = { cc = 20, channel = 0 }", ["knobs.bass", "channel 0", "1 to 16"]),
        ("[knobs]\nbass = { cc = 20, channel = 17 }", ["knobs.bass", "channel 17", "1 to 16"]),
        ("[knobs]\nbass = { cc = 20, note = 3 }", ["knobs.bass", "it has cc and note"]),
        ("[knobs]\nbass = { cc14 = 32 }", ["knobs.bass", "14-bit CC 32", "0 to 31"]),
        ("[knobs]\nbass = { cc14 = 6 }", ["knobs.bass", "CC 6 is reserved"]),
        ("[knobs]\nbass = { bend = 3 }", ["knobs.bass.bend", "expected true or false"]),
        ("[knobs]\nbass = { cc = 1, takeover = 'pick' }", ["knobs.bass.takeover", "none, pickup"]),
        ("[knobs]\nbass = { cc = 1, curve = 'log' }", ["knobs.bass: unknown curve 'log'", "slow"]),
        ("[knobs]\nbass = { cc = 1, range = [0.2] }", ["knobs.bass.range", "two numbers"]),
        ("[knobs]\nbass = { cc = 1, range = [0, 2] }", ["knobs.bass: range 2", "0 to 1"]),
        ("[knobs]\nbass = { cc = 1, range = [1, 1] }", ["knobs.bass", "the ends must differ"]),
        ("[knobs]\nbass = { cc = 1, deadband = -1 }", ["knobs.bass", "deadband -1"]),
        ("[knobs]\nbass = [{ cc = 1 }, { cc = 0 }]", ["knobs.bass[2]", "bank select"]),
        ("[knobs]\npanic = { cc = 1 }", ["knobs.panic: unknown key", "level-all"]),
        ("[actions]\nbass = { cc = 1 }", ["actions.bass: unknown key", "mute-P1"]),
        ("[actions]\npanic = { twos = 1 }", ["actions.panic", "an encoder has none"]),
        ("[actions]\nswap = { note = 1, pick = 'bat' }", ["actions.swap", "bar, beat, now"]),
        ("[defaults]\ncurve = 's'", ["defaults.curve: unknown key", "takeover"]),
        ("[defaults]\nchannel = 17\n[knobs]\nbass = { cc = 1 }", ["defaults", "channel 17"]),
        (
            "[knobs]\nbass = { cc = 1 }\n[[pages]]\nname = 'p'\nknobs = { focus = { cc = 1 } }",
            ["pages[1].knobs.focus", "focus and bass are both on CC 1"],
        ),
        ("[[pages]]\nknob = {}", ["pages[1].knob: unknown key", "'knobs'"]),
        (MINE, ["knobs.motion", "motion and density", "CC 20, channel 2"]),
        ("[voices]\nmute = ['DMC']", ["voices.mute", "'DMC'", "P1, P2, TR, NO"]),
        ("[voices]\nmute = [1]", ["voices.mute", 'expected text in "", got a whole number']),
        ("[voices]\nmute = 'P1'", ["voices.mute", "expected a list in []"]),
        ("[play]\ntempo = 401", ["play.tempo", "401", "20 to 400"]),
        ("[play]\ntempo = nan", ["play.tempo", "20 to 400"]),
        ("[play]\ntop_p = '1'", ["play.top_p", "expected a number"]),
        ("[play]\nclock_lost = 'stop'", ["play.clock_lost", "'stop'", "hold, coast"]),
        ("[play]\nanswer = 'yes'", ["play.answer", "'yes'", "off, played, 1"]),
        ("[play]\nchords = 10", ["play.chords", "10 is no channel", "9, 11"]),
        ("[play]\nchords = 'C'", ["play.chords", "expected a whole number"]),
        ("[play]\ntemp = 100", ["play.temp", "did you mean 'tempo'?"]),
        ("name = 3", ["name", 'expected text in ""']),
        ("knobs = 3", ["knobs", "expected a table in {}, got a whole number"]),
        ("[knobs\n", ["not TOML", "line 1"]),
    ],
)
def test_a_fault_is_one_line_that_names_the_file_the_key_and_what_is_allowed(
    preset_file: Path, toml: str, words: list[str]
) -> None:
    preset_file.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_preset(str(preset_file))
    message = str(caught.value)
    assert message.startswith(f"preset {preset_file}: ")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_a_preset_that_is_no_text_is_refused(preset_file: Path) -> None:
    preset_file.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_preset(str(preset_file))


@pytest.mark.parametrize("name", ["nowhere.toml", "no/where"])
def test_a_file_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}: No such file"):
        load_preset(name)


def test_a_folder_is_no_preset(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        load_preset(f"{tmp_path}/")


def test_an_unknown_name_lists_those_there_are(user_presets: Path) -> None:
    (user_presets / "mine.toml").write_text("", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"'defualt', did you mean 'default'\?; .*default, .*mine"
    ):
        load_preset("defualt")


def test_a_users_preset_goes_before_a_shipped_one_of_that_name(user_presets: Path) -> None:
    (user_presets / "default.toml").write_text('name = "my own"', encoding="utf-8")
    assert load_preset("default").name == "my own"


def test_a_file_that_is_named_beats_the_folders(preset_file: Path, user_presets: Path) -> None:
    preset_file.write_text('name = "here"', encoding="utf-8")
    (user_presets / "mine.toml").write_text('name = "there"', encoding="utf-8")
    assert load_preset(str(preset_file)).name == "here"
    assert load_preset("mine").name == "there"


def test_the_shipped_checkpoint_is_found_and_is_no_empty_file() -> None:
    assert find_checkpoint().stat().st_size > 0


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "shipped_dir", lambda kind: tmp_path)
    return tmp_path


def test_a_checkpoint_is_found_by_its_name_or_its_file(shipped: Path) -> None:
    path = shipped / "first.safetensors"
    path.touch()
    assert find_checkpoint() == find_checkpoint("first") == find_checkpoint(str(path)) == path


def test_a_checkpoint_that_is_not_there_is_an_error_that_lists_the_shipped(shipped: Path) -> None:
    (shipped / "first.safetensors").touch()
    with pytest.raises(ConfigError, match=r"frist: no such file; shipped: first"):
        find_checkpoint("frist")


@pytest.mark.parametrize(("names", "words"), [("", "shipped: none"), ("ab", "shipped: a, b")])
def test_without_a_name_there_must_be_one_checkpoint(shipped: Path, names: str, words: str) -> None:
    for name in names:
        (shipped / f"{name}.safetensors").touch()
    with pytest.raises(ConfigError, match=words):
        find_checkpoint()


def test_an_installation_without_its_folders_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="lacks its nothing"):
        paths.shipped_dir("nothing")


def test_jams_go_to_a_folder_of_ours_in_the_music_folder() -> None:
    assert paths.default_jams_dir().name == "nesvae_live"
    assert paths.default_jams_dir().is_absolute()


@pytest.mark.parametrize("path", sorted(PRESETS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_preset_stores_recalls_and_morphs_on_the_device(path: Path) -> None:
    """On whatever page: `store-to` and `morph-to`, and two snapshots or more to go between."""
    layout = read_preset(path).layout
    targets = {control.target for controls in layout.sets() for control in controls}
    assert targets >= {"store-to", "morph-to", "recall-1", "recall-2"}
