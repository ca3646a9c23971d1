;; LZ4's block format, both ways. `npm run wasm` makes lz4-code.ts of this file.
;;
;; A block is sequences: a token (four bits for the number of literals, four for a match's length
;; less 4), the literals, and two bytes of distance back to the match. A value of 15 goes on in
;; further bytes, each 255 of which goes on again. The last sequence has literals alone.
;;
;; Bytes are moved 16 at a time, up to 15 more than asked for: behind what is read and behind what
;; is written there must be so many that nobody minds. What comes out wrong is written over by the
;; next sequence, or lies behind the end.
(module
  (memory (export "memory") 1)

  ;; What the format asks for at a block's end: its last bytes are literals, and no match begins
  ;; near them.
  (global $LAST_LITERALS i32 (i32.const 5))
  (global $LAST_MATCH i32 (i32.const 12))
  ;; Where a hash was last seen, counted from the block's start: two bytes for each of 2^13. Of five
  ;; bytes, as a match of the least length, four, saves one byte and costs as much as a long one.
  (global $TABLE_BYTES i32 (i32.const 16384))
  (global $FIVE_BYTES i64 (i64.const 24))
  (global $HASH_SHIFT i64 (i64.const 51))

  ;; What can be wrong with a block that is to be decompressed.
  (global $ENDLESS_LENGTH i32 (i32.const -1))
  (global $TOO_MANY_LITERALS i32 (i32.const -2))
  (global $HALF_A_DISTANCE i32 (i32.const -3))
  (global $BEFORE_THE_START i32 (i32.const -4))
  (global $NO_ROOM i32 (i32.const -5))

  ;; Decompresses what lies between `from` and `end` to `to`, where there is room up to `limit`.
  ;; Matches may reach back to `base`, into blocks before. Returns where the output ends, or what
  ;; is wrong.
  (func (export "decompress")
    (param $from i32) (param $end i32) (param $to i32) (param $limit i32) (param $base i32)
    (result i32)
    (local $token i32) (local $size i32) (local $byte i32)
    (local $distance i32) (local $source i32) (local $stop i32)
    (loop $sequence
      (if (i32.ge_u (local.get $from) (local.get $end)) (then (return (local.get $to))))
      (local.set $token (i32.load8_u (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 1)))

      ;; The literals.
      (local.set $size (i32.shr_u (local.get $token) (i32.const 4)))
      (if (i32.eq (local.get $size) (i32.const 15))
        (then
          (loop $longer
            (if (i32.ge_u (local.get $from) (local.get $end))
              (then (return (global.get $ENDLESS_LENGTH))))
            (local.set $byte (i32.load8_u (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $size (i32.add (local.get $size) (local.get $byte)))
            (br_if $longer (i32.eq (local.get $byte) (i32.const 255))))))
      (if (i32.gt_u (local.get $size) (i32.sub (local.get $end) (local.get $from)))
        (then (return (global.get $TOO_MANY_LITERALS))))
      (if (i32.gt_u (local.get $size) (i32.sub (local.get $limit) (local.get $to)))
        (then (return (global.get $NO_ROOM))))
      (local.set $stop (i32.add (local.get $to) (local.get $size)))
      (loop $copy
        (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
      (local.set $from
        (i32.sub (local.get $from) (i32.sub (local.get $to) (local.get $stop))))
      (local.set $to (local.get $stop))
      (if (i32.eq (local.get $from) (local.get $end)) (then (return (local.get $to))))

      ;; The match.
      (if (i32.lt_u (i32.sub (local.get $end) (local.get $from)) (i32.const 2))
        (then (return (global.get $HALF_A_DISTANCE))))
      (local.set $distance (i32.load16_u align=1 (local.get $from)))
      (local.set $from (i32.add (local.get $from) (i32.const 2)))
      (if
        (i32.or
          (i32.eqz (local.get $distance))
          (i32.gt_u (local.get $distance) (i32.sub (local.get $to) (local.get $base))))
        (then (return (global.get $BEFORE_THE_START))))
      (local.set $size
        (i32.add (i32.and (local.get $token) (i32.const 15)) (i32.const 4)))
      (if (i32.eq (local.get $size) (i32.const 19))
        (then
          (loop $longer
            (if (i32.ge_u (local.get $from) (local.get $end))
              (then (return (global.get $ENDLESS_LENGTH))))
            (local.set $byte (i32.load8_u (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $size (i32.add (local.get $size) (local.get $byte)))
            (br_if $longer (i32.eq (local.get $byte) (i32.const 255))))))
      (if (i32.gt_u (local.get $size) (i32.sub (local.get $limit) (local.get $to)))
        (then (return (global.get $NO_ROOM))))
      (local.set $source (i32.sub (local.get $to) (local.get $distance)))
      (local.set $stop (i32.add (local.get $to) (local.get $size)))
      ;; Where source and target overlap, a pattern repeats, which takes a byte at a time.
      (if (i32.ge_u (local.get $distance) (i32.const 16))
        (then
          (loop $far
            (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $source)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (local.set $source (i32.add (local.get $source) (i32.const 16)))
            (br_if $far (i32.lt_u (local.get $to) (local.get $stop)))))
        (else
          (loop $near
            (i32.store8 (local.get $to) (i32.load8_u (local.get $source)))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (local.set $source (i32.add (local.get $source) (i32.const 1)))
            (br_if $near (i32.lt_u (local.get $to) (local.get $stop))))))
      (local.set $to (local.get $stop))
      (br $sequence))
    (unreachable))

  ;; Compresses what lies between `from` and `end`, at most 64 KiB, to a block at `to`, and returns
  ;; where that ends. The table, of 16 KiB, is the caller's; it need not be empty. One place is
  ;; tried for each hash, and the longer nothing matches the larger the steps. Nothing of a match is
  ;; put in the table: one place in each would cost a seventh of the time, and saves no bytes.
  (func (export "compress")
    (param $from i32) (param $end i32) (param $to i32) (param $table i32)
    (result i32)
    (local $literals i32) (local $at i32) (local $found i32)
    (local $lastMatch i32) (local $limit i32)
    (local $slot i32) (local $word i32) (local $misses i32) (local $token i32) (local $bits i32)
    (local $size i32) (local $difference i64)
    (memory.fill (local.get $table) (i32.const 0) (global.get $TABLE_BYTES))
    (local.set $literals (local.get $from))
    ;; What is not in the table is taken for the first byte, which itself can't be a match.
    (local.set $at (i32.add (local.get $from) (i32.const 1)))
    (local.set $lastMatch (i32.sub (local.get $end) (global.get $LAST_MATCH)))
    (local.set $limit (i32.sub (local.get $end) (global.get $LAST_LITERALS)))
    (block $done
      (br_if $done
        (i32.le_u (i32.sub (local.get $end) (local.get $from)) (global.get $LAST_MATCH)))
      (loop $search
        (local.set $misses (i32.const 64))
        (loop $next
          (br_if $done (i32.gt_u (local.get $at) (local.get $lastMatch)))
          (local.set $word (i32.load align=1 (local.get $at)))
          (local.set $slot
            (i32.add
              (local.get $table)
              (i32.shl
                (i32.wrap_i64
                  (i64.shr_u
                    (i64.mul
                      (i64.shl (i64.load align=1 (local.get $at)) (global.get $FIVE_BYTES))
                      (i64.const 0x9e3779b185ebca87))
                    (global.get $HASH_SHIFT)))
                (i32.const 1))))
          (local.set $found (i32.add (local.get $from) (i32.load16_u (local.get $slot))))
          (i32.store16 (local.get $slot) (i32.sub (local.get $at) (local.get $from)))
          (if (i32.ne (i32.load align=1 (local.get $found)) (local.get $word))
            (then
              (local.set $at
                (i32.add (local.get $at) (i32.shr_u (local.get $misses) (i32.const 6))))
              (local.set $misses (i32.add (local.get $misses) (i32.const 1)))
              (br $next))))

        ;; It may have begun earlier, in what a step left out.
        (loop $back
          (if
            (i32.and
              (i32.gt_u (local.get $at) (local.get $literals))
              (i32.gt_u (local.get $found) (local.get $from)))
            (then
              (if
                (i32.eq
                  (i32.load8_u (i32.sub (local.get $at) (i32.const 1)))
                  (i32.load8_u (i32.sub (local.get $found) (i32.const 1))))
                (then
                  (local.set $at (i32.sub (local.get $at) (i32.const 1)))
                  (local.set $found (i32.sub (local.get $found) (i32.const 1)))
                  (br $back))))))

        ;; Most sequences are short, and a call costs as much as the work: so these stand in line,
        ;; which makes the whole a third faster. `bits` is the token's upper half.
        (local.set $token (local.get $to))
        (local.set $size (i32.sub (local.get $at) (local.get $literals)))
        (if (i32.lt_u (local.get $size) (i32.const 15))
          (then
            (local.set $bits (i32.shl (local.get $size) (i32.const 4)))
            (v128.store offset=1 align=1
              (local.get $to)
              (v128.load align=1 (local.get $literals)))
            (local.set $to
              (i32.add (i32.add (local.get $to) (local.get $size)) (i32.const 1))))
          (else
            (local.set $bits (i32.const 0xf0))
            (local.set $to
              (call $putLiterals (local.get $literals) (local.get $at) (local.get $to)))))
        (i32.store16 align=1 (local.get $to) (i32.sub (local.get $at) (local.get $found)))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))

        ;; How far the two are the same.
        (local.set $literals (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $found (i32.add (local.get $found) (i32.const 4)))
        (block $differ
          (loop $eight
            (if (i32.le_u (i32.add (local.get $at) (i32.const 8)) (local.get $limit))
              (then
                (local.set $difference
                  (i64.xor
                    (i64.load align=1 (local.get $at))
                    (i64.load align=1 (local.get $found))))
                (if (i64.ne (local.get $difference) (i64.const 0))
                  (then
                    (local.set $at
                      (i32.add
                        (local.get $at)
                        (i32.wrap_i64
                          (i64.shr_u (i64.ctz (local.get $difference)) (i64.const 3)))))
                    (br $differ)))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (local.set $found (i32.add (local.get $found) (i32.const 8)))
                (br $eight))))
          (loop $one
            (br_if $differ (i32.ge_u (local.get $at) (local.get $limit)))
            (br_if $differ
              (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (local.get $found))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $found (i32.add (local.get $found) (i32.const 1)))
            (br $one)))
        (local.set $size
          (i32.sub (i32.sub (local.get $at) (local.get $literals)) (i32.const 4)))
        (if (i32.lt_u (local.get $size) (i32.const 15))
          (then
            (i32.store8 (local.get $token) (i32.or (local.get $bits) (local.get $size))))
          (else
            (i32.store8 (local.get $token) (i32.or (local.get $bits) (i32.const 15)))
            (local.set $to
              (call $putMore (local.get $to) (i32.sub (local.get $size) (i32.const 15))))))
        (local.set $literals (local.get $at))
        (br_if $done (i32.gt_u (local.get $at) (local.get $lastMatch)))
        (br $search)))
    (call $putLiterals (local.get $literals) (local.get $end) (local.get $to)))

  ;; A token with its upper half, and the literals behind it.
  (func $putLiterals (param $from i32) (param $end i32) (param $to i32) (result i32)
    (local $size i32) (local $stop i32)
    (local.set $size (i32.sub (local.get $end) (local.get $from)))
    (if (i32.lt_u (local.get $size) (i32.const 15))
      (then
        (i32.store8 (local.get $to) (i32.shl (local.get $size) (i32.const 4)))
        (local.set $to (i32.add (local.get $to) (i32.const 1))))
      (else
        (i32.store8 (local.get $to) (i32.const 0xf0))
        (local.set $to
          (call $putMore
            (i32.add (local.get $to) (i32.const 1))
            (i32.sub (local.get $size) (i32.const 15))))))
    (local.set $stop (i32.add (local.get $to) (local.get $size)))
    (loop $copy
      (v128.store align=1 (local.get $to) (v128.load align=1 (local.get $from)))
      (local.set $to (i32.add (local.get $to) (i32.const 16)))
      (local.set $from (i32.add (local.get $from) (i32.const 16)))
      (br_if $copy (i32.lt_u (local.get $to) (local.get $stop))))
    (local.get $stop))

  (func $putMore (param $to i32) (param $rest i32) (result i32)
    (loop $full
      (if (i32.ge_u (local.get $rest) (i32.const 255))
        (then
          (i32.store8 (local.get $to) (i32.const 255))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $rest (i32.sub (local.get $rest) (i32.const 255)))
          (br $full))))
    (i32.store8 (local.get $to) (local.get $rest))
    (i32.add (local.get $to) (i32.const 1))))
