// SPDX-License-Identifier: Apache-2.0
// The kernel's engine: takes commands beat by beat, and does on the core's host ports what they say (spec/kernel.toml).
//
// The first error ends a run: nothing further is taken, what is under way on the bus comes to its end, and the kernel is
// done. The core is reset where its run has not ended; its program then counts as none. A host's wrong access to a
// register ends nothing and is told where the run has no error of its own.
module kernel_engine #(
  parameter bittern_pkg::accelerator_t Config = bittern_pkg::AcceleratorNano,
  parameter logic [63:0] AcceleratorHash = '0,
  localparam int unsigned Rows = Config.rows,
  localparam int unsigned Lanes = Config.lanes,
  localparam int unsigned Width = Rows > Lanes ? Rows : Lanes,
  localparam int unsigned Word = 32 * Width,
  localparam int unsigned TableBits = $clog2(Config.tables),
  localparam int unsigned LaneBits = $clog2(Lanes),
  localparam int unsigned ProgramRows = Config.program_words / 4,
  localparam int unsigned Beat = kernel_pkg::BeatBits
) (
  input  logic                            clk_i,
  input  logic                            rst_ni,
  // Registers.
  input  logic                            start_i,
  input  logic                            abort_i,
  input  logic                            fault_i,
  output logic                            busy_o,
  output logic                            done_o,
  input  logic                            aligned_i,  // both buffers
  input  logic [31:0]                     command_beats_i,
  input  logic [31:0]                     result_beats_i,
  input  logic [31:0]                     most_cycles_i,
  output logic [4:0]                      error_o,
  output logic [31:0]                     error_beat_o,
  output logic [31:0]                     written_o,
  // Reader and writer.
  output logic                            stream_start_o,  // both
  output logic                            stream_stop_o,   // what is read: no more of it; written: all of it
  input  logic                            reader_idle_i,
  input  logic                            reader_error_i,
  input  logic                            beat_valid_i,
  input  logic [Beat-1:0]                 beat_i,
  output logic                            beat_take_o,
  input  logic                            writer_idle_i,
  input  logic                            writer_error_i,
  input  logic                            result_ready_i,
  output logic                            result_valid_o,
  output logic [Beat-1:0]                 result_o,
  // The core.
  output logic                            core_rst_no,
  output logic                            core_start_o,
  input  logic                            core_busy_i,
  input  logic                            core_clash_i,
  output logic [16*Config.list_registers-1:0] lists_o,
  output logic [15:0]                     tokens_o,
  output logic [63:0]                     dropout_key_o,
  output logic                            program_write_o,
  output logic [$clog2(ProgramRows)-1:0]  program_row_o,
  output logic [127:0]                    program_data_o,
  output logic                            table_write_o,
  output logic [TableBits-1:0]            table_o,
  output logic [LaneBits-1:0]             table_lane_o,
  output logic [31:0]                     table_entry_o,
  output logic                            memory_read_o,
  output logic                            memory_write_o,
  output logic [19:0]                     memory_address_o,
  output logic [Word-1:0]                 memory_data_o,
  input  logic [Word-1:0]                 memory_data_i
);

  localparam int unsigned TokenBeats = (Lanes + 3) / 4;
  localparam int unsigned RankBeats = (Rows + 3) / 4;
  localparam int unsigned MostBeats = (Width + 3) / 4;
  localparam int unsigned ListBeats = (Config.list_registers + 3) / 4;
  localparam int unsigned ReadCycles = 3;  // until a word is there, with one to spare

  typedef enum logic [3:0] {
    Idle, Next, ProgramHash, ProgramRow, WriteBeats, WriteWord, ReadWord, ReadBeats, TableBeat,
    TableEntry, Registers, Lists, RunStart, RunWait, RunDone, Stop
  } state_e;

  state_e state_q, state_d;
  logic [4:0] error_d;  // that this cycle finds, none: 0
  logic wants, take, starved, finished;
  logic [31:0] taken_q;  // beats
  logic [31:0] opcode, first, count;
  logic [31:0] left_q;   // words, rows or beats of the command
  logic [19:0] address_q;
  logic [5:0] beat_q, word_beats_q, word_beats;
  logic [31:0] region_words;
  logic [Beat*MostBeats-1:0] word_q;
  logic [31:0] cycles_q, written_q;
  logic [1:0] wait_q, entry_q;
  logic program_q, core_reset_q;
  logic [TableBits-1:0] table_q;
  logic [LaneBits-1:0] lane_q;
  logic [$clog2(ProgramRows)-1:0] row_q;
  logic last_beat, last_word, endless, abort, told;

  assign opcode = beat_i[31:0];
  assign first = beat_i[63:32];
  assign count = beat_i[95:64];
  // The core is busy behind a reset of its own.
  assign wants = state_q == ProgramHash || state_q == ProgramRow || state_q == WriteBeats
                 || state_q == TableBeat || state_q == Registers || state_q == Lists;
  assign beat_take_o = wants || (state_q == Next && !core_busy_i);
  assign take = beat_valid_i && beat_take_o;
  assign finished = taken_q == command_beats_i;
  assign starved = finished && !beat_valid_i;
  assign last_beat = beat_q + 6'd1 == word_beats_q;
  assign last_word = left_q == 32'd1;
  assign endless = cycles_q == most_cycles_i;
  assign abort = abort_i && state_q != Idle;

  always_comb begin
    unique case (first[19:18])
      2'd0: begin
        region_words = 32'(Config.tokens.banks * Config.tokens.depth);
        word_beats = 6'(TokenBeats);
      end
      2'd1: begin
        region_words = 32'(Config.ranks.banks * Config.ranks.depth);
        word_beats = 6'(RankBeats);
      end
      2'd2: begin
        region_words = 32'(Config.scalars.banks * Config.scalars.depth);
        word_beats = 6'd1;
      end
      default: begin
        region_words = '0;
        word_beats = 6'd1;
      end
    endcase
  end

  // What a command's first beat may say.
  logic fits, room;
  logic [37:0] wanted;
  assign fits = first[31:20] == '0 && {1'b0, count} + {15'h0, first[17:0]} <= {1'b0, region_words};
  assign wanted = 38'(count) * 38'(word_beats);
  assign room = 38'(written_q) + wanted <= 38'(result_beats_i);

  always_comb begin
    state_d = state_q;
    error_d = kernel_pkg::ErrorNone;
    unique case (state_q)
      Idle: begin
        if (start_i) begin
          state_d = Next;
          if (!aligned_i) error_d = kernel_pkg::ErrorAlignment;
        end
      end
      Next: begin
        if (starved) begin
          state_d = Stop;
        end else if (take) begin
          unique case (opcode)
            kernel_pkg::CommandProgram: begin
              state_d = ProgramHash;
              if (count == '0 || count > 32'(ProgramRows)) error_d = kernel_pkg::ErrorProgramSize;
            end
            kernel_pkg::CommandWrite: begin
              if (count != '0) state_d = WriteBeats;
              if (!fits) error_d = kernel_pkg::ErrorAddress;
            end
            kernel_pkg::CommandRead: begin
              if (count != '0) state_d = ReadWord;
              if (!fits) error_d = kernel_pkg::ErrorAddress;
              else if (!room) error_d = kernel_pkg::ErrorResults;
            end
            kernel_pkg::CommandTable: begin
              state_d = TableBeat;
              if (first >= Config.tables) error_d = kernel_pkg::ErrorTable;
            end
            kernel_pkg::CommandRegisters: state_d = Registers;
            kernel_pkg::CommandRun: begin
              state_d = RunStart;
              if (!program_q) error_d = kernel_pkg::ErrorNoProgram;
            end
            default: error_d = kernel_pkg::ErrorCommand;
          endcase
        end
      end
      ProgramHash: begin
        if (take) begin
          state_d = ProgramRow;
          if (beat_i[63:0] != bittern_pkg::SpecHash) error_d = kernel_pkg::ErrorSpecHash;
          else if (beat_i[127:64] != AcceleratorHash) error_d = kernel_pkg::ErrorAcceleratorHash;
        end
      end
      ProgramRow: if (take && last_word) state_d = Next;
      WriteBeats: if (take && last_beat) state_d = WriteWord;
      WriteWord: state_d = last_word ? Next : WriteBeats;
      ReadWord: if (wait_q == 2'(ReadCycles)) state_d = ReadBeats;
      ReadBeats: if (result_ready_i && last_beat) state_d = last_word ? Next : ReadWord;
      TableBeat: if (take) state_d = TableEntry;
      TableEntry: if (entry_q == '1) state_d = 32'(lane_q) == Lanes - 1 ? Next : TableBeat;
      Registers: if (take) state_d = Lists;
      Lists: if (take && last_word) state_d = Next;
      RunStart: state_d = RunWait;
      RunWait: begin
        if (!core_busy_i) state_d = RunDone;
        else if (endless) error_d = kernel_pkg::ErrorEndless;
      end
      RunDone: begin
        state_d = Next;
        if (core_clash_i) error_d = kernel_pkg::ErrorClash;
      end
      default: if (reader_idle_i && writer_idle_i) state_d = Idle;  // Stop
    endcase
    if (wants && starved) error_d = kernel_pkg::ErrorTruncated;
    if (reader_error_i) error_d = kernel_pkg::ErrorBusRead;
    if (writer_error_i) error_d = kernel_pkg::ErrorBusWrite;
    if (abort) error_d = kernel_pkg::ErrorAborted;
    if (error_d != kernel_pkg::ErrorNone && state_q != Stop) state_d = Stop;
  end

  assign told = error_o != kernel_pkg::ErrorNone && error_o != kernel_pkg::ErrorRegister;
  assign busy_o = state_q != Idle;
  assign done_o = state_q == Stop && state_d == Idle;
  assign stream_start_o = state_q == Idle && start_i;
  assign stream_stop_o = state_q == Stop;
  assign error_beat_o = taken_q;
  assign written_o = written_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= Idle;
      error_o <= kernel_pkg::ErrorNone;
      taken_q <= '0;
      written_q <= '0;
      program_q <= 1'b0;
      core_reset_q <= 1'b0;
      core_rst_no <= 1'b0;
    end else begin
      state_q <= state_d;
      if (stream_start_o) error_o <= error_d;
      else if (error_d != kernel_pkg::ErrorNone && !told) error_o <= error_d;
      else if (error_o == kernel_pkg::ErrorNone && fault_i) error_o <= kernel_pkg::ErrorRegister;
      if (stream_start_o) begin
        taken_q <= '0;
        written_q <= '0;
      end else begin
        // An error in a beat is one at that beat.
        if (take && error_d == kernel_pkg::ErrorNone) taken_q <= taken_q + 32'd1;
        if (result_valid_o && result_ready_i) written_q <= written_q + 32'd1;
      end
      if (take && state_q == ProgramRow && last_word) program_q <= 1'b1;
      if (take && state_q == Next && opcode == kernel_pkg::CommandProgram) program_q <= 1'b0;
      // From the cycle on in which the core is started: it runs behind that one.
      core_reset_q <= abort_i || ((state_q == RunStart || state_q == RunWait) && state_d == Stop);
      if (core_reset_q) program_q <= 1'b0;
      core_rst_no <= !core_reset_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      unique case (state_q)
        Next: begin
          left_q <= opcode == kernel_pkg::CommandRegisters ? 32'(ListBeats) : count;
          address_q <= first[19:0];
          word_beats_q <= word_beats;
          table_q <= first[TableBits-1:0];
        end
        ProgramRow, Lists: left_q <= left_q - 32'd1;
        default: ;
      endcase
    end
    if (state_q == WriteWord || (state_q == ReadBeats && state_d != ReadBeats)) begin
      left_q <= left_q - 32'd1;
      address_q <= address_q + 20'd1;
    end

    // The word of memory under way, or what is left of it.
    if (take && state_q == WriteBeats) begin
      for (int unsigned i = 0; i < MostBeats; i++) begin
        if (beat_q == 6'(i)) word_q[Beat*i +: Beat] <= beat_i;
      end
    end else if (take && state_q == TableBeat) begin
      word_q[Beat-1:0] <= beat_i;
    end else if (state_q == TableEntry) begin
      word_q[Beat-1:0] <= word_q[Beat-1:0] >> 32;
    end else if (state_q == ReadWord) begin
      word_q <= (Beat*MostBeats)'(memory_data_i);
    end else if (result_valid_o && result_ready_i) begin
      word_q <= word_q >> Beat;
    end
    if (state_q != WriteBeats && state_q != ReadBeats) beat_q <= '0;
    else if (take || (result_valid_o && result_ready_i)) beat_q <= beat_q + 6'd1;

    wait_q <= state_q == ReadWord ? wait_q + 2'd1 : '0;
    entry_q <= state_q == TableEntry ? entry_q + 2'd1 : '0;
    if (state_q == Next) lane_q <= '0;
    else if (state_q == TableEntry) lane_q <= lane_q + 1'b1;
    if (state_q == Next) row_q <= '0;
    else if (program_write_o) row_q <= row_q + 1'b1;
    cycles_q <= state_q == RunWait ? cycles_q + 32'd1 : '0;

    if (take && state_q == Registers) begin
      tokens_o <= beat_i[15:0];
      dropout_key_o <= beat_i[95:32];
    end
    if (take && state_q == Lists) begin
      for (int unsigned n = 0; n < Config.list_registers; n++) begin
        if (left_q == 32'(ListBeats - n / 4)) lists_o[16*n +: 16] <= beat_i[32*(n%4) +: 16];
      end
    end
  end

  assign core_start_o = state_q == RunStart;
  assign program_write_o = take && state_q == ProgramRow;
  assign program_row_o = row_q;
  assign program_data_o = beat_i;
  assign table_write_o = state_q == TableEntry;
  assign table_o = table_q;
  assign table_lane_o = lane_q;
  assign table_entry_o = word_q[31:0];
  assign memory_read_o = state_q == ReadWord;
  assign memory_write_o = state_q == WriteWord;
  assign memory_address_o = address_q;
  assign memory_data_o = word_q[Word-1:0];
  assign result_valid_o = state_q == ReadBeats;
  assign result_o = word_q[Beat-1:0];

endmodule
