package io.retort.graph;

import io.retort.device.Execution;
import io.retort.tensor.Shape;
import java.nio.FloatBuffer;

/** An output of a plan: the value of the run that was finished last. Allocates nothing. */
public final class Fetch {
  private final Plan plan;
  private final Shape shape;
  private final Execution execution;
  private final FloatBuffer[] floats;

  Fetch(Plan plan, Value value, Execution execution, long offset) {
    this.plan = plan;
    this.shape = value.shape();
    this.execution = execution;
    int count = Math.toIntExact(shape.size() * value.dtype().bytes());
    floats = new FloatBuffer[execution.slots()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = execution.output(i, offset, count).asFloatBuffer();
    }
  }

  public Shape shape() {
    return shape;
  }

  /** Copies all elements to {@code destination} from index {@code from} on. */
  public void read(float[] destination, int from) {
    FloatBuffer values = floats();
    values.get(0, destination, from, values.capacity());
  }

  /** The value of an output of one element. */
  public float scalar() {
    if (shape.size() != 1) {
      throw new IllegalArgumentException("[fetch] the output must have one element: " + shape);
    }
    return floats().get(0);
  }

  /**
   * The memory that the last run's output stands in, overwritten by a later run. Where runs go
   * ahead it is another one after each finish; not to be used after the plan is closed.
   */
  public FloatBuffer floats() {
    plan.requireOpen();
    return floats[execution.outputSlot()];
  }
}
