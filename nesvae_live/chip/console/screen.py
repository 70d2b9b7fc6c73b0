"""The ROM's picture: its letters, the screen with what doesn't change on it, and its colours."""

from __future__ import annotations

import textwrap

from nesvae_live.chip.console.nsf import Credits, to_ascii

COLUMNS, ROWS = 32, 30
LEFT, WIDTH = 3, 26
"""The first column that is written on, and how many there are: a television hides the edges."""

TITLE_ROW, TITLE_LINES, ARTIST_ROW, COPYRIGHT_ROW, BAR_ROW = 3, 2, 6, 7, 11
LEVEL_ROWS = {"P1": 15, "P2": 17, "TR": 19, "NO": 21}
FOOT_ROW, FOOT = 26, "NESVAE_LIVE"
LEVEL_COLUMN, LEVEL_TILES = 7, 15

EMPTY, FULL = 1, 2
"""The tiles of a level; the letters' tiles have the letters' own codes."""

PALETTE = bytes(
    (
        *(0x0F, 0x00, 0x10, 0x30),  # black, greys, white
        *(0x0F, 0x00, 0x11, 0x21),  # blue: pulse 1
        *(0x0F, 0x00, 0x17, 0x27),  # orange: pulse 2
        *(0x0F, 0x00, 0x19, 0x2A),  # green: the triangle
    )
)
ATTRIBUTES = {3: 0x50, 4: 0xFA}
"""The palettes of the levels' rows, by rows of attribute bytes: two rows of tiles in each half."""

EMPTY_TILE = (0, 0, 0, 0, 0, 0, 0x7E, 0)
FULL_TILE = (0x7E,) * 7 + (0,)

FIRST_LETTER = 0x20
LETTERS = (
    *("00000000000000", "04040404040004", "0A0A0A00000000", "0A0A1F0A1F0A0A", "040F140E051E04"),
    *("18190204081303", "0C12140815120D", "04040800000000", "02040808080402", "08040202020408"),
    *("0004150E150400", "0004041F040400", "000000000C0408", "0000001F000000", "00000000000C0C"),
    *("00010204081000", "0E11131519110E", "040C040404040E", "0E11010204081F", "1F02040201110E"),
    *("02060A121F0202", "1F101E0101110E", "0608101E11110E", "1F010204080808", "0E11110E11110E"),
    *("0E11110F01020C", "000C0C000C0C00", "000C0C000C0408", "02040810080402", "00001F001F0000"),
    *("08040201020408", "0E110102040004", "0E11010D15150E", "0E1111111F1111", "1E11111E11111E"),
    *("0E11101010110E", "1C12111111121C", "1F10101E10101F", "1F10101E101010", "0E11101711110F"),
    *("1111111F111111", "0E04040404040E", "0702020202120C", "11121418141211", "1010101010101F"),
    *("111B1515111111", "11111915131111", "0E11111111110E", "1E11111E101010", "0E11111115120D"),
    *("1E11111E141211", "0F10100E01011E", "1F040404040404", "1111111111110E", "11111111110A04"),
    *("1111111515150A", "11110A040A1111", "1111110A040404", "1F01020408101F", "0E08080808080E"),
    *("00100804020100", "0E02020202020E", "040A1100000000", "0000000000001F"),
)
"""From the space on, 7 rows of 5 dots a letter, in hexadecimal."""


def tiles() -> bytes:
    """The 8 KiB of tiles, 16 bytes each: two planes of 8 rows."""
    data = bytearray(0x2000)
    for tile, rows in ((EMPTY, EMPTY_TILE), (FULL, FULL_TILE)):
        data[16 * tile : 16 * tile + 8] = bytes(rows)
    data[16 * FULL + 8 : 16 * FULL + 16] = bytes(FULL_TILE)
    for i, letter in enumerate(LETTERS):
        dots = bytes(row << 2 for row in bytes.fromhex(letter)) + b"\0"
        at = 16 * (FIRST_LETTER + i)
        data[at : at + 16] = dots * 2
    return bytes(data)


def draw_screen(about: Credits, counted: str, total: str) -> bytes:
    """The tiles of the screen `[30 x 32]` and the attributes: 1 KiB.

    `counted` names what the four digits count, `total` is written behind them.
    """
    rows = [bytearray(b" " * COLUMNS) for _ in range(ROWS)]
    title = textwrap.wrap(_to_tiles(about.title), WIDTH) or ["UNTITLED"]
    lines = [(TITLE_ROW + i, line) for i, line in enumerate(title[:TITLE_LINES])]
    lines += [(ARTIST_ROW, _to_tiles(about.artist)), (COPYRIGHT_ROW, _to_tiles(about.copyright))]
    lines += [(row, name) for name, row in LEVEL_ROWS.items()] + [(FOOT_ROW, FOOT)]
    lines.append((BAR_ROW, f"{counted:3.3}      {total}"))
    for row, text in lines:
        written = text[:WIDTH].encode("ascii")
        rows[row][LEFT : LEFT + len(written)] = written
    for row in LEVEL_ROWS.values():
        rows[row][LEVEL_COLUMN : LEVEL_COLUMN + LEVEL_TILES] = bytes((EMPTY,)) * LEVEL_TILES
    attributes = b"".join(bytes((ATTRIBUTES.get(row, 0),)) * 8 for row in range(8))
    return b"".join(rows) + attributes


def _to_tiles(text: str) -> str:
    """Text in the letters that there are."""
    upper = to_ascii(" ".join(text.split())).decode("ascii").upper()
    return "".join(
        c if FIRST_LETTER <= ord(c) < FIRST_LETTER + len(LETTERS) else "?" for c in upper
    )
