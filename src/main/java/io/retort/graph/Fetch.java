package io.retort.graph;

import io.retort.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/** An output of a plan: the value of its last run. Allocates nothing. */
public final class Fetch {
  private final Plan plan;
  private final Shape shape;
  private final FloatBuffer floats;

  Fetch(Plan plan, Value value, ByteBuffer bytes) {
    this.plan = plan;
    this.shape = value.shape();
    this.floats = bytes.asFloatBuffer();
  }

  public Shape shape() {
    return shape;
  }

  /** Copies all elements to {@code destination} from index {@code from} on. */
  public void read(float[] destination, int from) {
    floats().get(0, destination, from, floats.capacity());
  }

  /** The value of an output of one element. */
  public float scalar() {
    if (shape.size() != 1) {
      throw new IllegalArgumentException("[fetch] the output must have one element: " + shape);
    }
    return floats().get(0);
  }

  /** The output's memory, overwritten by the next run; not to be used after the plan is closed. */
  public FloatBuffer floats() {
    plan.requireOpen();
    return floats;
  }
}
