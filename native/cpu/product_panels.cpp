#include <algorithm>

#include "parallel.h"
#include "pack.h"
#include "product.h"
#include "tile.h"

namespace retort {
namespace RETORT_ISA {
namespace {

constexpr int64_t block_floats = 64 * 1024;  // of B in L2, beside A and C
constexpr int64_t most_depth = 512;
constexpr int64_t streamed_floats = 2 << 20;  // a C above it leaves the caches before anybody reads it

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Panels {
  Product p;
  int64_t depths, depth;     // blocks of k, and the length of one
  int64_t columns;           // of one block of B
  int64_t row_chunks, rows;  // of C
  int64_t column_chunks, chunk_columns;
  bool streamed;

  void run(int64_t chunk) const {
    const int64_t first_row = chunk % row_chunks * rows, last_row = std::min(p.m, first_row + rows);
    const int64_t first = chunk / row_chunks * chunk_columns, last = std::min(p.n, first + chunk_columns);
    for (int64_t column = first; column < last; column += columns) {
      const int64_t width = std::min(columns, last - column);
      const int64_t following = column + columns < last ? column + columns : -1;
      for (int64_t block = 0; block < depths; ++block) run_block(first_row, last_row, column, width, block, following);
    }
    if (streamed) stream_end();
  }

  void run_block(int64_t first_row, int64_t last_row, int64_t column, int64_t width, int64_t block,
                 int64_t following) const {
    const int64_t k0 = block * depth, length = std::min(depth, p.k - k0);
    const int64_t panels = divide_up(width, tile_columns), panel_floats = length * tile_columns;
    float* packed = scratch(1, panels * panel_floats);
    pack_panels(p.b + k0 * p.b_row + column * p.b_column, p.b_row, p.b_column, length, width, tile_columns, packed);
    const int64_t tiles = divide_up(last_row - first_row, tile_rows);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t row = first_row + (last_row - first_row) * t / tiles;
      const int64_t row_end = first_row + (last_row - first_row) * (t + 1) / tiles;
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t n = column + panel * tile_columns, here = std::min<int64_t>(tile_columns, column + width - n);
        Tile tile;
        tile.a = p.a + row * p.a_row + k0;
        tile.a_row = p.a_row;
        tile.a_segment = 0;
        tile.b = packed + panel * panel_floats;
        tile.b_row = tile_columns;
        tile.b_segment = 0;
        tile.depth = length;
        // While this block is multiplied the next one comes nearer: line t of every row of its panel.
        if (depths == 1 && following >= 0 && p.b_column == 1 && t < tile_columns / 16) {
          const int64_t ahead = following + panel * tile_columns + t * 16;
          if (ahead < p.n) {
            tile.prefetch = p.b + ahead;
            tile.prefetch_row = p.b_row;
          }
        }
        tile.c = p.c + row * p.n + n;
        tile.c_row = p.n;
        tile.accumulate = block > 0;
        tile.relu = block == depths - 1 && p.activation == Activation::relu;
        write(tile, row_end - row, here, block == 0 && p.bias ? p.bias + n : nullptr);
      }
      if (block == depths - 1 && p.activation == Activation::gelu) {
        for (int64_t i = row; i < row_end; ++i) activate(p.c + i * p.n + column, width, p.activation);
      }
    }
  }

  void write(Tile& tile, int64_t tile_row_count, int64_t width, const float* bias) const {
    const int64_t vectors = divide_up(width, lanes);
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
  panels.depths = divide_up(p.k, most_depth);
  panels.depth = divide_up(p.k, panels.depths);
  const int64_t most_columns = std::max<int64_t>(block_floats / panels.depth / tile_columns, 1) * tile_columns;
  const int64_t chunks = chunk_limit(p.m * p.n * p.k, threads);
  const int64_t width = divide_up(divide_up(p.n, tile_columns), chunks) * tile_columns;
  panels.column_chunks = divide_up(p.n, width);
  panels.chunk_columns = width;
  panels.columns = std::min(most_columns, width);
  panels.row_chunks = std::min(std::max<int64_t>(chunks / panels.column_chunks, 1), divide_up(p.m, tile_rows));
  panels.rows = divide_up(p.m, panels.row_chunks);
  panels.row_chunks = divide_up(p.m, panels.rows);
  panels.streamed = panels.depths == 1 && p.activation != Activation::gelu && p.m * p.n > streamed_floats &&
                    p.n % lanes == 0 && reinterpret_cast<uintptr_t>(p.c) % sizeof(Vector) == 0;
  parallel(threads, panels.row_chunks * panels.column_chunks, [&](int64_t chunk) { panels.run(chunk); });
}

}  // namespace RETORT_ISA
}  // namespace retort
