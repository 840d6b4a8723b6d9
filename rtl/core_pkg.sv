// SPDX-License-Identifier: Apache-2.0
// Types that the units of the core share. Members are of this package's types or plain bits: Yosys
// finds no other package's type inside of a structure.
package core_pkg;

  /* verilator lint_off UNUSEDPARAM */
  localparam int unsigned Units = 4;  // bittern_pkg::unit_e
  localparam int unsigned Walks = 9;  // of an instruction, at most
  localparam int unsigned WalkBits = 93;  // of a walk_t
  /* verilator lint_on UNUSEDPARAM */

  // How far a unit is. `elements` counts those that the instruction under way has issued.
  typedef struct packed {
    logic [15:0] done;    // instructions whose results are all written
    logic [15:0] issued;  // instructions whose elements have all been issued
    logic [11:0] elements;
  } progress_t;

  // A wait with its instruction's number: instructions are numbered by unit as they are handed out.
  // Numbers and cycles are compared by the sign of their difference, so they may go round.
  typedef struct packed {
    logic        valid;
    logic        chained;
    logic [11:0] elements;
    logic [15:0] sequence_number;
  } wait_t;

  // What the issue of an instruction needs to know.
  typedef struct packed {
    logic [119:0] waits;     // wait_t [4]: unit u at 30 u
    logic         nothing;   // one element without effect
    logic [7:0]   latency;   // from an element's issue until its result can be read
    logic [5:0]   interval;  // cycles between two elements
    logic [6:0]   reach1;    // see unit_issue
    logic [6:0]   reach2;
  } issue_t;

  // A walk with the hardware loop resolved. A number that is no address takes all 24 bits, signed.
  typedef struct packed {
    logic        split;
    logic [67:0] stride;
    logic [23:0] base;
  } walk_t;

  // A walk over slots or registers, as in bittern_pkg.
  typedef struct packed {
    logic [23:0] stride;
    logic [7:0]  base;
  } index_t;

  // Instructions as they wait before their units.
  typedef struct packed {
    issue_t      issue;
    logic [63:0] count;
    logic [1:0]  planes;
    walk_t       source;
    index_t      slot;
  } load_t;

  typedef struct packed {
    logic [1:0] direction;  // bittern_pkg::direction_e
    logic [1:0] start;      // bittern_pkg::start_e
    logic [3:0] sum;
    logic       keep;
    logic       one_hot;
    logic       plane_sum;
    logic       merge;
    logic [1:0] planes;
    logic [3:0] table_;     // of one_hot
  } stream_fields_t;

  typedef struct packed {
    issue_t         issue;
    logic [63:0]    count;
    stream_fields_t fields;
    walk_t          x;
    walk_t          b;
    walk_t          y;
    walk_t          initial_;
    index_t         slot;
    index_t         slice;
  } stream_t;

  // Loops of a drain: results, slots, rows, with the planes' loop outermost or, for sums over
  // planes, before the slots'.
  typedef struct packed {
    logic [1:0] start;      // bittern_pkg::start_e
    logic       plane_sum;
    logic [1:0] planes;
    logic       sums;       // several terms a result
  } drain_fields_t;

  typedef struct packed {
    issue_t        issue;
    logic [63:0]   count;
    drain_fields_t fields;
    walk_t         y;
    walk_t         initial_;
    index_t        slot;
  } drain_t;

  typedef struct packed {
    issue_t      issue;
    logic [63:0] count;
    logic [63:0] fields;     // bittern_pkg::vector_fields_t
    walk_t       a;
    walk_t       b;
    walk_t       y;
    walk_t       g;
    walk_t       h;
    walk_t       lanes;
    walk_t       lane_scale;
    walk_t       feature;
    walk_t       pick;
    index_t      l0;
    index_t      l1;
    index_t      l2;
    index_t      lt;
    logic [3:0]  table_;     // of pick
    logic [63:0] key;        // of the dropout mask
    logic [16:0] threshold;
    logic [31:0] scale;
  } vector_t;

  // An instruction in pieces, each operand in its place.
  typedef struct packed {
    logic [95:0]   header;   // bittern_pkg::header_t
    logic [63:0]   count;
    logic [63:0]   fields;
    logic [1151:0] walks;    // bittern_pkg::walk_t [9]; 0 where there is none
    logic [8:0]    present;  // which walks
    logic [127:0]  indices;  // bittern_pkg::index_t [4]
    logic [95:0]   dropout;
  } pieces_t;

  // Words of memory come in pieces (memory_region), each from a window of so many banks: of 16, choices that take
  // MUXF7 and MUXF8, or of 4, a table of six inputs. Up to ten banks the latter take no more tables.
  function automatic int unsigned window_of(int unsigned banks);
    window_of = banks > 10 ? 16 : 4;
  endfunction
  function automatic int unsigned pieces_of(int unsigned banks);
    pieces_of = (banks + window_of(banks) - 1) / window_of(banks);
  endfunction
  // Of each half, where windows begin at multiples of their size.
  function automatic int unsigned paired_pieces_of(int unsigned banks);
    paired_pieces_of = (banks - 1) / window_of(banks / 2) - banks / 2 / window_of(banks / 2) + 1;
    if (pieces_of(banks / 2) > paired_pieces_of) paired_pieces_of = pieces_of(banks / 2);
  endfunction

endpackage
