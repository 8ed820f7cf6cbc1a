package io.retort;

import io.retort.data.Dataset;
import io.retort.device.Precision;
import io.retort.distill.Distillation;
import io.retort.distill.EarlyStopping;
import io.retort.distill.Losses;
import io.retort.distill.Optimizer;
import io.retort.distill.Outcome;
import io.retort.distill.Participant;
import io.retort.distill.Phase;
import io.retort.distill.Progress;
import io.retort.distill.Promotion;
import io.retort.distill.Recipe;
import io.retort.distill.Schedule;
import io.retort.distill.Span;
import io.retort.distill.Term;
import io.retort.distill.TrainingOptions;
import io.retort.nn.Architecture;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Distils a teacher into a student, in Java; a {@link Recipe} underneath. Without further calls it
 * does what the recipe {@code mnist} does.
 *
 * <pre>{@code
 * Outcome outcome = Distiller.create().teacher("teacher").student("student").epochs(10).distill(options);
 * }</pre>
 */
public final class Distiller {
  private String name = "distiller";
  private Participant teacher = Participant.of("teacher", "teacher");
  private Participant student = Participant.of("student", "student");
  private List<Term> terms = List.of(Losses.softmaxKl(4, 0.7), Losses.crossEntropy(0.3));
  private Optimizer optimizer = Optimizer.adam(1e-3);
  private int teacherEpochs = 3;
  private int epochs = 10;
  private int batch = Phase.DEFAULT_BATCH;
  private double clipNorm;
  private Span hardLabelsFirst = Span.NONE;
  private EarlyStopping earlyStopping;
  private int jitter;
  private Precision precision = Precision.FLOAT32;
  private Promotion promotion = Promotion.BETTER;
  private Consumer<Progress> listener = progress -> {};
  private BooleanSupplier cancelled = () -> false;

  private Distiller() {}

  public static Distiller create() {
    return new Distiller();
  }

  /** The recipe's name, which model cards tell. */
  public Distiller name(String recipe) {
    name = recipe;
    return this;
  }

  /**
   * The teacher's architecture, by the name of a built-in one. It trains if the model store has no
   * live {@code teacher}.
   */
  public Distiller teacher(String builtIn) {
    teacher = new Participant("teacher", builtIn, "teacher");
    return this;
  }

  /** A teacher of this architecture, kept in the model store under its name. */
  public Distiller teacher(Architecture architecture) {
    teacher = new Participant("teacher", architecture.toMap(), architecture.name());
    return this;
  }

  /** The student's architecture, by the name of a built-in one. */
  public Distiller student(String builtIn) {
    student = new Participant("student", builtIn, "student");
    return this;
  }

  /** A student of this architecture, kept in the model store under its name. */
  public Distiller student(Architecture architecture) {
    student = new Participant("student", architecture.toMap(), architecture.name());
    return this;
  }

  /**
   * The terms of the student's loss, in place of 0.7·softmaxKl at T = 4 and 0.3·crossEntropy; see
   * {@link Losses}.
   */
  public Distiller loss(Term... terms) {
    this.terms = List.of(terms);
    return this;
  }

  /** The student's optimiser, in place of Adam at 1e-3. */
  public Distiller optimizer(Optimizer optimizer) {
    this.optimizer = optimizer;
    return this;
  }

  /** The schedule of the student's learning rate. */
  public Distiller schedule(Schedule learningRate) {
    optimizer = optimizer.at(learningRate);
    return this;
  }

  public Distiller teacherEpochs(int number) {
    teacherEpochs = number;
    return this;
  }

  public Distiller epochs(int number) {
    epochs = number;
    return this;
  }

  public Distiller batch(int samples) {
    batch = samples;
    return this;
  }

  /** Holds the common norm of the student's gradients to this. */
  public Distiller clipNorm(double norm) {
    clipNorm = norm;
    return this;
  }

  /** Lets the student learn from the labels alone for a while. */
  public Distiller hardLabelsFirst(Span span) {
    hardLabelsFirst = span;
    return this;
  }

  public Distiller earlyStopping(int patience, double minimumImprovement) {
    earlyStopping = new EarlyStopping(patience, minimumImprovement);
    return this;
  }

  /** Moves each training image by up to so many pixels, for teacher and student alike. */
  public Distiller jitter(int pixels) {
    jitter = pixels;
    return this;
  }

  /** The precision of products in training on a GPU; weights and sums are float32 each time. */
  public Distiller precision(Precision ofProducts) {
    precision = ofProducts;
    return this;
  }

  public Distiller promote(Promotion when) {
    promotion = when;
    return this;
  }

  public Distiller onProgress(Consumer<Progress> told) {
    listener = told;
    return this;
  }

  /** Asked before every step; true stops the job at a checkpoint. */
  public Distiller cancelledWhen(BooleanSupplier asked) {
    cancelled = asked;
    return this;
  }

  /** The same as data. */
  public Recipe toRecipe() {
    Map<String, Participant> models = new LinkedHashMap<>();
    models.put(teacher.name(), teacher);
    models.put(student.name(), student);
    Phase first =
        new Phase(
            "teacher",
            List.of("teacher"),
            true,
            teacherEpochs,
            batch,
            Optimizer.adam(1e-3),
            0,
            Span.NONE,
            null,
            jitter,
            Phase.Keep.BEST,
            precision,
            List.of(Losses.teacherCrossEntropy()));
    Phase second =
        new Phase(
            "distill",
            List.of("student"),
            false,
            epochs,
            batch,
            optimizer,
            clipNorm,
            hardLabelsFirst,
            earlyStopping,
            jitter,
            Phase.Keep.BEST,
            precision,
            terms);
    return new Recipe(name, "", models, List.of(first, second), promotion);
  }

  /** Runs to the end with the options' data. */
  public Outcome distill(TrainingOptions options) {
    return new Distillation(toRecipe(), options).run(listener, cancelled);
  }

  /** Runs to the end with these samples in place of the options' data. */
  public Outcome distill(Dataset train, Dataset test, TrainingOptions options) {
    return distill(options.withDatasets(train, test));
  }
}
