package io.retort.inference;

import io.retort.device.DeviceLostException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/**
 * Where the work of a batcher is done.
 *
 * @param lane runs batches
 * @param onLoop whether the lane is the thread of those who ask: then a full batch runs at once
 * @param home takes answers to those who asked
 * @param closing frees memory
 * @param timer ends the wait for a batch to fill
 * @param whenLost is told, on any thread, when the device is lost
 * @param maxQueuedRows how much may wait
 */
record Workplace(
    Executor lane,
    boolean onLoop,
    Executor home,
    Executor closing,
    ScheduledExecutorService timer,
    Consumer<DeviceLostException> whenLost,
    int maxQueuedRows) {}
