#include <algorithm>

#include "pack.h"
#include "parallel.h"
#include "product.h"
#include "split.h"
#include "tile.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int64_t block_floats = 32 * 1024;  // of B in L2, twice, beside A and C
constexpr int64_t most_depth = 512;
constexpr int64_t streamed_floats = 2 << 20;  // a C above it leaves the caches before anybody reads it

// A block of B: some columns, and one part of k.
struct Block {
  int64_t column, width, part, k, depth;
  bool ready[16];  // the panels that are packed already

  int64_t panels() const { return ceil_div(width, tile_columns); }
};

struct Panels {
  Product p;
  int64_t parts, depth;      // of k, and the length of one
  int64_t columns;           // of one block of B
  int64_t row_chunks, rows;  // of C
  int64_t column_chunks, chunk_columns;
  bool streamed;

  // While one block is multiplied the next one is packed.
  void run(int64_t chunk) const {
    const int64_t first_row = chunk % row_chunks * rows, last_row = std::min(p.m, first_row + rows);
    const int64_t first = chunk / row_chunks * chunk_columns, last = std::min(p.n, first + chunk_columns);
    float* packed = scratch(1, 2 * depth * columns);
    Block blocks[2];
    blocks[0] = block_at(first, 0, last);
    for (int64_t i = 0; blocks[i % 2].column < last; ++i) {
      Block &here = blocks[i % 2], &next = blocks[(i + 1) % 2];
      const bool more = here.part + 1 < parts;
      next = block_at(more ? here.column : here.column + columns, more ? here.part + 1 : 0, last);
      run_block(first_row, last_row, here, packed + i % 2 * depth * columns, next,
                packed + (i + 1) % 2 * depth * columns);
    }
    if (streamed) stream_end();
  }

  Block block_at(int64_t column, int64_t part, int64_t last) const {
    Block block{column, std::min(columns, last - column), part, part * depth, 0, {}};
    block.depth = std::min(depth, p.k - block.k);
    return block;
  }

  const float* b_at(const Block& block, int64_t panel) const {
    return p.b + block.k * p.b_row + (block.column + panel * tile_columns) * p.b_column;
  }

  void run_block(int64_t first_row, int64_t last_row, const Block& here, float* packed, Block& next,
                 float* next_packed) const {
    const int64_t panel_floats = here.depth * tile_columns;
    for (int64_t panel = 0; panel < here.panels(); ++panel) {
      if (here.ready[panel]) continue;
      pack_panels(b_at(here, panel), p.b_row, p.b_column, here.depth,
                  std::min<int64_t>(tile_columns, here.width - panel * tile_columns), tile_columns,
                  packed + panel * panel_floats);
    }
    const int64_t tiles = ceil_div(last_row - first_row, tile_rows);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t row = first_row + (last_row - first_row) * t / tiles;
      const int64_t row_end = first_row + (last_row - first_row) * (t + 1) / tiles;
      for (int64_t panel = 0; panel < here.panels(); ++panel) {
        const int64_t n = here.column + panel * tile_columns;
        const int64_t width = std::min<int64_t>(tile_columns, here.width - panel * tile_columns);
        Tile tile;
        tile.a = p.a + row * p.a_row + here.k;
        tile.a_row = p.a_row;
        tile.a_segment = 0;
        tile.b = packed + panel * panel_floats;
        tile.b_row = tile_columns;
        tile.b_segment = 0;
        tile.depth = here.depth;
        tile.c = p.c + row * p.n + n;
        tile.c_row = p.n;
        tile.accumulate = here.part > 0;
        tile.relu = here.part == parts - 1 && p.activation == Activation::relu;
        const bool copyable = p.b_column == 1 && width == tile_columns && next.depth == here.depth &&
                              (panel + 1) * tile_columns <= next.width;
        // Four tiles copy a quarter each where there are enough of them, otherwise one copies all.
        const bool quarters = tiles >= 4 && here.depth % 4 == 0;
        const int64_t copier = tiles > (quarters ? 4 : 1) ? t - 1 : t;
        if (copyable && t == 0) begin_copy(next, panel, quarters ? 4 : 1);
        if (copyable && copier >= 0 && copier < (quarters ? 4 : 1)) {
          const int64_t k = copier * here.depth / 4;
          tile.next = b_at(next, panel) + k * p.b_row;
          tile.next_row = p.b_row;
          tile.copy = next_packed + panel * panel_floats + k * tile_columns;
          tile.copy_every = quarters ? 4 : 1;
          next.ready[panel] = true;
        }
        write(tile, row_end - row, width, here.part == 0 && p.bias ? p.bias + n : nullptr);
      }
      if (here.part == parts - 1 && p.activation == Activation::gelu) {
        for (int64_t i = row; i < row_end; ++i) activate(p.c + i * p.n + here.column, here.width, p.activation);
      }
    }
  }

  void begin_copy(const Block& block, int64_t panel, int64_t every) const {
    for (int64_t k = 0; k < std::min(copy_ahead / every, block.depth); ++k) {
      for (int64_t i = 0; i < tile_columns; i += 16) __builtin_prefetch(b_at(block, panel) + k * p.b_row + i, 0, 2);
    }
  }

  void write(Tile& tile, int64_t tile_row_count, int64_t width, const float* bias) const {
    const int64_t vectors = ceil_div(width, lanes);
    if (width == vectors * lanes) {
      tile.bias = bias;
      tile.streamed = streamed;
      multiply(tile, tile_row_count, vectors);
      return;
    }
    alignas(64) float bias_here[tile_columns] = {};
    alignas(64) float c_here[tile_rows * tile_columns];
    if (bias) std::copy(bias, bias + width, bias_here);
    float* const c = tile.c;
    for (int64_t i = 0; tile.accumulate && i < tile_row_count; ++i) {
      for (int64_t j = 0; j < tile_columns; ++j) c_here[i * tile_columns + j] = j < width ? c[i * p.n + j] : 0;
    }
    tile.bias = bias ? bias_here : nullptr;
    tile.c = c_here;
    tile.c_row = tile_columns;
    multiply(tile, tile_row_count, vectors);
    for (int64_t i = 0; i < tile_row_count; ++i) {
      std::copy(c_here + i * tile_columns, c_here + i * tile_columns + width, c + i * p.n);
    }
  }
};

// Rows of A contiguous along k, and not so placed that the rows of a tile fall on one another in L1.
void straighten(Product& p) {
  if (p.a_column == 1 && (p.a_row % 512 != 0 || p.m == 1)) return;
  const int64_t row = (p.k + 15) / 16 * 16 + 16;
  float* straight = scratch(0, p.m * row);
  if (p.a_column == 1) {
    for (int64_t i = 0; i < p.m; ++i) std::copy(p.a + i * p.a_row, p.a + i * p.a_row + p.k, straight + i * row);
  } else {
    transpose_copy(p.a, p.a_column, p.k, p.m, straight, row);
  }
  p.a = straight;
  p.a_row = row;
  p.a_column = 1;
}

}  // namespace

void multiply_panels(const Product& product, int32_t threads) {
  Panels panels;
  panels.p = product;
  Product& p = panels.p;
  straighten(p);
  panels.parts = ceil_div(p.k, most_depth);
  panels.depth = ceil_div(p.k, panels.parts);
  const int64_t most_panels = std::min<int64_t>(std::max<int64_t>(block_floats / panels.depth / tile_columns, 1), 16);
  const int64_t most_columns = most_panels * tile_columns;
  const int64_t chunks = chunk_limit(p.m * p.n * p.k, threads);
  const int64_t width = ceil_div(ceil_div(p.n, tile_columns), chunks) * tile_columns;
  panels.column_chunks = ceil_div(p.n, width);
  panels.chunk_columns = width;
  panels.columns = std::min(most_columns, width);
  panels.row_chunks = std::min(std::max<int64_t>(chunks / panels.column_chunks, 1), ceil_div(p.m, tile_rows));
  panels.rows = ceil_div(p.m, panels.row_chunks);
  panels.row_chunks = ceil_div(p.m, panels.rows);
  panels.streamed = panels.parts == 1 && p.activation != Activation::gelu && p.m * p.n > streamed_floats &&
                    p.n % lanes == 0 && reinterpret_cast<uintptr_t>(p.c) % sizeof(Vector) == 0;
  parallel(threads, panels.row_chunks * panels.column_chunks, [&](int64_t chunk) { panels.run(chunk); });
}

}  // namespace RETORT_ISA
}  // namespace retort
