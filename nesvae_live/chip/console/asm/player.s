; Plays packed register writes, once a frame. Included by nsf.s and nes.s, which define
;
;   VOICES      how many streams there are: P1, P2, TR, NO, and in a ROM the bar's number
;   WINDOW      where a bank of data is seen, WINDOW_END where that ends
;   select_bank a macro: show bank A there; may change A only
;
; and call `start` once and `play` each frame. What the bytes mean is in ../streams.py:
;
;   $00-$3F  write: bits 0-3: registers 0-3 of the voice, whose values follow; bit 4: switch the
;            voice on first; bit 5: off
;   $40-$4F  the volume (the low four bits of register 0)
;   $50-$5F  register 2 plus the low four bits, less 8
;   $60-$6F  register 0 less 1, then so many frames of nothing
;   $70-$7F  register 0 plus 1, likewise
;   $80-$BF  nothing in this frame, and in so many more
;   $C0-$FE  so many tokens more than one from elsewhere (low, high, bank), then on from here;
;            takes no time, and there is none among those tokens
;   $FF      go on elsewhere (low, high, bank); takes no time

.zeropage
source:     .res 2          ; where the voice's stream is read
token:      .res 1
keep:       .res 1
status:     .res 1          ; as in $4015
low:        .res VOICES     ; where each stream is read next
high:       .res VOICES
bank:       .res VOICES
wait:       .res VOICES     ; frames of nothing
left:       .res VOICES     ; tokens that are to come from elsewhere; 0: none
back_low:   .res VOICES     ; where to go on after them
back_high:  .res VOICES
back_bank:  .res VOICES
registers0: .res VOICES     ; what was written last
registers1: .res VOICES
registers2: .res VOICES
registers3: .res VOICES

.segment "STARTS"           ; written by ../nsf.py and ../rom.py
start_low:  .res VOICES
start_high: .res VOICES
start_bank: .res VOICES

.code
bits:       .byte $01, $02, $04, $08, $00
others:     .byte $fe, $fd, $fb, $f7, $ff
; The bar's number has no voice: it goes to $4018-$401B, where a console has nothing.
bases:      .byte $00, $04, $08, $0c, $18

; Silence the chip and go to the beginning.
start:
    lda #0
    sta $4015
    sta status
    ldx #$0f
@clear:
    sta $4000,x
    dex
    bpl @clear
    lda #$40                ; the frame counter asks for no interrupts
    sta $4017
    ldx #VOICES - 1
@voice:
    lda start_low,x
    sta low,x
    lda start_high,x
    sta high,x
    lda start_bank,x
    sta bank,x
    lda #0
    sta wait,x
    sta left,x
    sta registers0,x
    sta registers1,x
    sta registers2,x
    sta registers3,x
    dex
    bpl @voice
    rts

; One frame.
play:
    ldx #0
@voice:
    lda wait,x
    beq @read
    dec wait,x
    jmp @next
@read:
    lda low,x
    sta source
    lda high,x
    sta source + 1
    lda bank,x
    select_bank
@again:
    jsr fetch
    cmp #$40
    bcc @write
    cmp #$80
    bcc @short
    cmp #$c0
    bcc @nothing
    cmp #$ff
    bne :+
    jsr go
    jmp @again
:   and #$3f
    clc
    adc #1
    sta token               ; `go` leaves it alone
    jsr call
    jmp @again

@nothing:
    and #$3f
    sta wait,x
    jmp @done

@write:
    sta token
    and #$30
    beq @registers
    and #$10
    beq @off
    lda status
    ora bits,x
    bne @switch             ; always
@off:
    lda status
    and others,x
@switch:
    sta status
    sta $4015
@registers:
    ldy bases,x
    lsr token
    bcc :+
    jsr fetch
    sta registers0,x
    sta $4000,y
:   lsr token
    bcc :+
    jsr fetch
    sta registers1,x
    sta $4001,y
:   lsr token
    bcc :+
    jsr fetch
    sta registers2,x
    sta $4002,y
:   lsr token
    bcc @done
    jsr fetch
    sta registers3,x
    sta $4003,y
    jmp @done

@short:
    tay
    and #$0f
    sta token
    tya
    ldy bases,x
    and #$30
    beq @volume
    cmp #$20
    bcc @bend
    beq @softer
    inc registers0,x
    jmp @run
@softer:
    dec registers0,x
@run:
    lda token
    sta wait,x
    lda registers0,x
    jmp @loudness
@volume:
    lda registers0,x
    and #$f0
    ora token
@loudness:
    sta registers0,x
    sta $4000,y
    jmp @done
@bend:
    lda registers2,x
    clc
    adc token
    sec
    sbc #8
    sta registers2,x
    sta $4002,y

@done:
    lda left,x
    beq @save
    dec left,x
    bne @save
    lda back_low,x
    sta low,x
    lda back_high,x
    sta high,x
    lda back_bank,x
    sta bank,x
    jmp @next
@save:
    lda source
    sta low,x
    lda source + 1
    sta high,x
@next:
    inx
    cpx #VOICES
    beq :+
    jmp @voice
:   rts

; The next byte of the stream of voice X in A; keeps X and Y.
fetch:
    sty keep
    ldy #0
    lda (source),y
    ldy keep
    inc source
    bne @same
    inc source + 1
    pha
    lda source + 1
    cmp #>WINDOW_END
    bne @window
    lda #>WINDOW
    sta source + 1
    inc bank,x
    lda bank,x
    select_bank
@window:
    pla
@same:
    rts

; Read `token` tokens from where the next three bytes say, then go on behind those.
call:
    jsr fetch
    pha
    jsr fetch
    pha
    jsr fetch
    pha
    lda source
    sta back_low,x
    lda source + 1
    sta back_high,x
    lda bank,x
    sta back_bank,x
    lda token
    sta left,x
    bne arrive              ; always

; Go on where the next three bytes say.
go:
    jsr fetch
    pha
    jsr fetch
    pha
    jsr fetch
    pha
arrive:
    pla
    sta bank,x
    select_bank
    pla
    sta source + 1
    pla
    sta source
    rts
