; The NSF's bank of code: seen at $8000, beside the window of data at $9000.

VOICES = 4
WINDOW = $9000
WINDOW_END = $a000

.macro select_bank
    sta $5ff9
.endmacro

.segment "ENTRY"            ; the addresses in the NSF's header
    jmp start               ; with any number of a song: there is one
    jmp play

.include "player.s"
