package io.retort.device.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** Tells JavaCPP how to read {@code native/include/retort} and which libraries the result needs. */
@Properties(
    value =
        @Platform(
            include = {
              "retort/tensor_view.h",
              "retort/kernels.h",
              "retort/cpu.h",
              "retort/library.h"
            },
            library = "jniretort",
            link = "retort_cpu",
            preload = {"gcc_s@.1", "quadmath@.0", "gfortran@.5", "openblas@.0"},
            preloadresource = "/org/bytedeco/openblas/"),
    target = "io.retort.device",
    global = "io.retort.device.Native")
public class KernelsPreset implements InfoMapper {
  /** What JavaCPP generates for a struct narrows a return type by an unchecked conversion. */
  private static final String UNCHECKED = "@SuppressWarnings(\"unchecked\")";

  @Override
  public void map(InfoMap infoMap) {
    infoMap
        .put(new Info("retort::DType").enumerate().valueTypes("ElementType"))
        .put(new Info("retort::Activation").enumerate())
        .put(new Info("retort::UnaryOp").enumerate())
        .put(new Info("retort::BinaryOp").enumerate())
        .put(new Info("retort::ReduceOp").enumerate())
        .put(new Info("retort::Precision").enumerate().valueTypes("KernelPrecision"))
        .put(
            new Info("retort::TensorView", "retort::Window", "retort::LibrarySettings")
                .annotations(UNCHECKED))
        .put(new Info("retort::Kernels").purify());
  }
}
