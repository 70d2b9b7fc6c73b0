; The ROM's last bank: MMC3 keeps it at $E000, and the window of data is the bank at $A000.
; It starts the machine, draws the screen that ../screen.py made, and once a frame shows the
; bar's number and the voices' levels and plays.

VOICES = 5
WINDOW = $a000
WINDOW_END = $c000

EMPTY = $01                 ; the tiles of a level, see ../screen.py
FULL = $02
LEVEL_TILES = 15
BAR_AT = $2000 + 11 * 32 + 7
LEVELS_AT = $2000 + 15 * 32 + 7

.macro select_bank
    sta $8001               ; of register 7, which `reset` chose
.endmacro

.include "player.s"

.segment "SCREEN"           ; written by ../rom.py
screen:     .res $400
palette:    .res $10

.code
rows_high:  .byte >LEVELS_AT, >(LEVELS_AT + 64), >(LEVELS_AT + 128), >(LEVELS_AT + 192)
rows_low:   .byte <LEVELS_AT, <(LEVELS_AT + 64), <(LEVELS_AT + 128), <(LEVELS_AT + 192)

chr_banks:  .byte 0, 2, 4, 5, 6, 7

reset:
    sei
    cld
    ldx #$40
    stx $4017
    ldx #$ff
    txs
    inx
    stx $2000               ; no interrupts, no picture
    stx $2001
    stx $4010
    stx $e000               ; none from the mapper either
    stx $a000               ; mirroring
    bit $2002
@warm:                      ; two frames until the PPU takes writes
    bit $2002
    bpl @warm
    txa
@clear:
    sta $00,x
    sta $0100,x
    sta $0200,x
    inx
    bne @clear
@ready:
    bit $2002
    bpl @ready

    ldx #0
@chr:
    stx $8000
    lda chr_banks,x
    sta $8001
    inx
    cpx #6
    bne @chr
    stx $8000               ; 6: the bank at $8000, which is not used
    lda #0
    sta $8001
    inx
    stx $8000               ; 7: the bank at $A000, from now on

    lda #$3f
    sta $2006
    lda #$00
    sta $2006
    tax
@colour:
    lda palette,x
    sta $2007
    inx
    cpx #$10
    bne @colour
    lda #$20
    sta $2006
    lda #$00
    sta $2006
    tax
@page0:
    lda screen,x
    sta $2007
    inx
    bne @page0
@page1:
    lda screen + $100,x
    sta $2007
    inx
    bne @page1
@page2:
    lda screen + $200,x
    sta $2007
    inx
    bne @page2
@page3:
    lda screen + $300,x
    sta $2007
    inx
    bne @page3

    jsr start
    bit $2002
    lda #$80
    sta $2000               ; an interrupt a frame
    lda #$0a
    sta $2001               ; the background
@rest:
    jmp @rest

; Once a frame: first the picture, while the screen is dark, then the sound.
nmi:
    bit $2002
    lda #>BAR_AT
    sta $2006
    lda #<BAR_AT
    sta $2006
    lda registers0 + 4      ; the digits of the bar
    sta $2007
    lda registers1 + 4
    sta $2007
    lda registers2 + 4
    sta $2007
    lda registers3 + 4
    sta $2007
    ldx #0
@row:
    lda rows_high,x
    sta $2006
    lda rows_low,x
    sta $2006
    lda status
    and bits,x
    beq @draw               ; off: 0 tiles
    lda #LEVEL_TILES
    cpx #2
    beq @draw               ; the triangle has one volume
    lda registers0,x
    and #$0f
@draw:
    sta token
    ldy #0
@tile:
    lda #EMPTY
    cpy token
    bcs :+
    lda #FULL
:   sta $2007
    iny
    cpy #LEVEL_TILES
    bne @tile
    inx
    cpx #4
    bne @row
    lda #0
    sta $2005
    sta $2005
    lda #$80
    sta $2000
    jsr play
irq:
    rti

.segment "VECTORS"
    .word nmi, reset, irq
