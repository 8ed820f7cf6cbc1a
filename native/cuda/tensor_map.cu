// Tensor maps for bulk copies, made by the driver; it is asked for by name, so that the library loads without it.
#include <stdexcept>
#include <string>

#include "device/hopper.cuh"

namespace retort {
namespace RETORT_ISA {

#ifdef __CUDACC__
namespace {

using Encode = decltype(&cuTensorMapEncodeTiled);

Encode encoder() {
  static const Encode found = [] {
    // The version that brought the function.
    constexpr unsigned int version = 12000;
    void* function = nullptr;
    cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
    require_launched(
        cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, version, cudaEnableDefault, &result));
    if (result != cudaDriverEntryPointSuccess || !function) {
      throw std::runtime_error("[cuda] the driver must have cuTensorMapEncodeTiled: it has not");
    }
    return reinterpret_cast<Encode>(function);
  }();
  return found;
}

}  // namespace
#endif

TensorMap map_of(const void* data, DType dtype, bool rounds_to_tf32, int64_t columns, int64_t rows, int64_t row,
                 int32_t box_rows) {
  const int64_t width = width_of(dtype);
#ifdef __CUDACC__
  const CUtensorMapDataType type = rounds_to_tf32             ? CU_TENSOR_MAP_DATA_TYPE_TFLOAT32
                                   : dtype == DType::bfloat16 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16
                                   : dtype == DType::float32  ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32
                                                              : CU_TENSOR_MAP_DATA_TYPE_UINT8;
  const cuuint64_t sizes[] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(rows)};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(row * width)};
  const cuuint32_t box[] = {static_cast<cuuint32_t>(line_bytes / width), static_cast<cuuint32_t>(box_rows)};
  const cuuint32_t steps[] = {1, 1};
  TensorMap map;
  const CUresult result =
      encoder()(&map, type, 2, const_cast<void*>(data), sizes, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_L2_256B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result != CUDA_SUCCESS) {
    throw std::runtime_error("[cuda] a tensor map must be possible: cuTensorMapEncodeTiled returned " +
                             std::to_string(static_cast<int>(result)));
  }
  return map;
#else
  if (reinterpret_cast<uintptr_t>(data) % 16 != 0 || row * width % 16 != 0) {
    throw std::logic_error("[simt] a tensor map's rows must begin on 16 bytes: rows of " + std::to_string(row * width));
  }
  if (box_rows < 1 || box_rows > 256) {
    throw std::logic_error("[simt] a box must have 1 to 256 rows: " + std::to_string(box_rows));
  }
  return {static_cast<const unsigned char*>(data),
          columns,
          rows,
          row * width,
          static_cast<int32_t>(width),
          box_rows,
          rounds_to_tf32};
#endif
}

}  // namespace RETORT_ISA
}  // namespace retort
