"""Our kernels and PyTorch's for the same op and the same shapes, on one GPU, in one run.

    python3 native/bench/compare.py --programs BUILD/bench --out DIR [PROGRAM…]

Runs the workshop's programs (NAME_bench_cuda), which check first and then time; builds of each of their records the same
op in PyTorch and times it in the same manner: each call after a write of 256 MB, so that the cache holds nothing of the
call before, the median between events. The program then runs once more. Prints a table with the goals of
src/docs/benchmarks.md and leaves it in DIR as table.md, with everything measured as compare.json; both after each program.

PyTorch: contiguous N C H W tensors, cudnn.benchmark on; tf32 off in rows of float32 and on in rows of tf32; rows that
multiply float32 tensors in bfloat16 are under autocast. The ratio is PyTorch's time over ours: above 1 ours is faster.
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import torch
import torch.nn.functional as F

PROGRAMS = ["matmul", "conv2d", "softmax_kl", "attention", "layer_norm", "optimizer", "distillation"]
FLUSHED_BYTES = 256 << 20
TIME_BUDGET = 0.3
ROUNDS = (25, 200)
STEPS_A_ROUND = 20


class Timer:
    """The programs' manner of timing; on the CPU, where it only tries the script, a clock."""

    def __init__(self, device):
        self.cuda = device == "cuda"
        self.flushed = torch.empty(FLUSHED_BYTES if self.cuda else 1, dtype=torch.uint8, device=device)

    def wait(self):
        if self.cuda:
            torch.cuda.synchronize()

    def seconds(self, call, flush=True):
        if not self.cuda:
            call()
            start = time.perf_counter()
            call()
            return time.perf_counter() - start
        # The first calls choose algorithms, and compile.
        for _ in range(5):
            call()
        self.wait()
        start = time.perf_counter()
        call()
        self.wait()
        rounds = int(min(ROUNDS[1], max(ROUNDS[0], TIME_BUDGET / (time.perf_counter() - start))))
        events = [(torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)) for _ in range(rounds)]
        for begin, end in events:
            if flush:
                self.flushed.zero_()
            begin.record()
            call()
            end.record()
        self.wait()
        return statistics.median(begin.elapsed_time(end) for begin, end in events) * 1e-3


def allow_tf32(precision):
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"


def arithmetic(precision, device):
    """The context that computes float32 tensors as the record says."""
    allow_tf32(precision)
    if precision == "bfloat16":
        return torch.autocast(device, torch.bfloat16)
    return contextlib.nullcontext()


def uniform(shape, device, dtype=torch.float32, gradient=False):
    values = torch.rand(shape, device=device) * 2 - 1
    return values.to(dtype).requires_grad_(gradient)


def matmul(r, device):
    dtype = torch.bfloat16 if r["dtype"] == "bfloat16" else torch.float32
    a = uniform((r["k"], r["m"]) if r["transpose_a"] else (r["m"], r["k"]), device, dtype)
    b = uniform((r["n"], r["k"]) if r["transpose_b"] else (r["k"], r["n"]), device, dtype)
    a, b = a.t() if r["transpose_a"] else a, b.t() if r["transpose_b"] else b
    context = arithmetic(r["precision"], device)

    def call():
        with context:
            return a @ b

    return {"eager": call}


def matmul_int8(r, device):
    a = torch.randint(-127, 128, (r["m"], r["k"]), device=device, dtype=torch.int8)
    b = torch.randint(-127, 128, (r["n"], r["k"]), device=device, dtype=torch.int8).t()
    scale, bias = uniform((r["n"],), device), uniform((r["n"],), device)
    return {"eager": lambda: torch._int_mm(a, b) * scale + bias}


def conv2d(r, device):
    n, c, o = r["batch"], r["channels"], r["outputs"]
    x = uniform((n, c, r["height"], r["width"]), device, gradient=True)
    w = uniform((o, c // r["groups"], *r["kernel"]), device, gradient=True)
    bias = uniform((o,), device)
    context = arithmetic(r["precision"], device)

    def forward():
        with context:
            return F.conv2d(x, w, bias, r["stride"], r["pad"], 1, r["groups"])

    if r["pass"] == "forward":

        def call():
            with torch.no_grad():
                forward()

        return {"eager": call}
    y = forward()
    dy = uniform(y.shape, device, y.dtype)
    by = x if r["pass"] == "backward_input" else w
    return {"eager": lambda: torch.autograd.grad(y, by, dy, retain_graph=True)}


def softmax_kl(r, device):
    student = uniform(r["shape"], device, gradient=True)
    teacher = uniform(r["shape"], device)
    temperature = 4.0

    def loss(s, t):
        return temperature**2 * F.kl_div(
            F.log_softmax(s / temperature, 1), F.softmax(t / temperature, 1), reduction="batchmean"
        )

    def with_gradient(of):
        return lambda: torch.autograd.grad(of(student, teacher), student)

    calls = {"eager": with_gradient(loss)}
    if hasattr(torch, "compile") and device == "cuda":
        calls["compile"] = with_gradient(torch.compile(loss))
    return calls


def cross_entropy(r, device):
    z = uniform(r["shape"], device, gradient=True)
    labels = torch.arange(r["shape"][0], device=device) % r["shape"][1]
    return {"eager": lambda: torch.autograd.grad(F.cross_entropy(z, labels), z)}


def softmax_forward(r, device):
    z = uniform(r["shape"], device)
    return {"eager": lambda: F.softmax(z / 4.0, 1)}


def softmax_backward(r, device):
    z = uniform(r["shape"], device, gradient=True)
    p = F.softmax(z / 4.0, 1)
    dp = uniform(r["shape"], device)
    return {"eager": lambda: torch.autograd.grad(p, z, dp, retain_graph=True)}


def attention(r, device):
    q, k, v = (uniform(r["shape"], device, gradient=True) for _ in range(3))
    context = arithmetic(r["precision"], device)

    def forward():
        with context:
            return F.scaled_dot_product_attention(q, k, v, is_causal=r["causal"])

    if r["pass"] == "forward":

        def call():
            with torch.no_grad():
                forward()

        return {"eager": call}
    y = forward()
    dy = uniform(y.shape, device, y.dtype)
    return {"eager": lambda: torch.autograd.grad(y, (q, k, v), dy, retain_graph=True)}


def layer_norm(r, device):
    columns = r["shape"][1:]
    x = uniform(r["shape"], device, gradient=True)
    gamma, beta = uniform(columns, device, gradient=True), uniform(columns, device, gradient=True)
    if r["op"] == "layer_norm_forward":

        def call():
            with torch.no_grad():
                F.layer_norm(x, columns, gamma, beta)

        return {"eager": call}
    y = F.layer_norm(x, columns, gamma, beta)
    dy = uniform(r["shape"], device)
    return {"eager": lambda: torch.autograd.grad(y, (x, gamma, beta), dy, retain_graph=True)}


def optimizer(r, device):
    w = uniform((r["size"],), device, gradient=True)
    w.grad = uniform((r["size"],), device)
    fused = {"fused": True} if device == "cuda" else {}
    if r["op"] == "adam_step":
        return {"eager": torch.optim.Adam([w], lr=1e-3, **fused).step}
    return {"eager": torch.optim.SGD([w], lr=1e-3, momentum=0.9, nesterov=True, **fused).step}


def distillation(r, device):
    """Teacher and student of the recipe `mnist`, a step as a training loop writes it."""
    nn = torch.nn
    n = r["batch"]
    teacher = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(36864, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10),
    ).to(device).eval()  # fmt: skip
    images = uniform((n, 1, 28, 28), device)
    labels = torch.arange(n, device=device) % 10
    context = arithmetic(r["precision"], device)

    def steps(**settings):
        student = nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(2704, 64), nn.ReLU(), nn.Linear(64, 10),
        ).to(device)  # fmt: skip
        adam = torch.optim.Adam(student.parameters(), lr=1e-3, **settings)

        def step():
            adam.zero_grad(set_to_none=True)
            with context:
                with torch.no_grad():
                    answer = teacher(images)
                z = student(images)
                soft = 16 * F.kl_div(F.log_softmax(z / 4, 1), F.softmax(answer / 4, 1), reduction="batchmean")
                loss = 0.7 * soft + 0.3 * F.cross_entropy(z, labels)
            loss.backward()
            adam.step()

        def call():
            for _ in range(STEPS_A_ROUND):
                step()

        return call

    calls = {"eager": steps()}
    if device == "cuda":
        calls["eager, fused Adam"] = steps(fused=True)
    return calls


OPS = {
    "matmul": matmul,
    "matmul_int8": matmul_int8,
    "conv2d": conv2d,
    "softmax_kl": softmax_kl,
    "cross_entropy": cross_entropy,
    "softmax_forward": softmax_forward,
    "softmax_backward": softmax_backward,
    "attention": attention,
    "layer_norm_forward": layer_norm,
    "layer_norm_backward": layer_norm,
    "adam_step": optimizer,
    "sgd_step": optimizer,
    "distillation": distillation,
}


def goals(r):
    """What src/docs/benchmarks.md wants of a record: the figure's name to its least value."""
    if r["op"] == "matmul" and r["m"] == r["n"] == r["k"] and r["m"] in (4096, 8192):
        if r["dtype"] == "bfloat16":
            return {"eager": 0.9}
        if r["precision"] == "tf32":
            return {"eager": 0.85}
        if r["precision"] == "float32":
            return {"share": 0.8}
    if r["op"] == "conv2d" and r["name"].startswith(("conv2d teacher", "conv2d ResNet")):
        return {"eager": 1.0}
    if r["op"] == "softmax_kl" and r["shape"][1] >= 1000:
        return {"share": 0.85, "eager": 4.0, "compile": 1.1}
    if r["op"] == "distillation":
        return {"eager": 2.0}
    return {}


def peer_seconds(r, device, timer):
    """PyTorch's seconds for a record, by the way that it was asked; a text where it could not be."""
    taken = {}
    step = r["op"] == "distillation"
    try:
        calls = OPS[r["op"]](r, device)
    except Exception as error:  # one op that PyTorch refuses must not end the run
        return {"eager": f"{type(error).__name__}: {error}".splitlines()[0]}
    for way, call in calls.items():
        try:
            taken[way] = timer.seconds(call, flush=not step) / (STEPS_A_ROUND if step else 1)
        except Exception as error:
            taken[way] = f"{type(error).__name__}: {error}".splitlines()[0]
    if isinstance(taken.get("eager, fused Adam"), float) and isinstance(taken["eager"], float):
        taken["eager"] = min(taken["eager"], taken.pop("eager, fused Adam"))
    return taken


def ours(program):
    """Runs one of our programs; its records, and how it ended."""
    print(f"== {program}", flush=True)
    if not os.path.exists(program):
        return [], "not built"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "records")
        ended = subprocess.run([program], env={**os.environ, "RETORT_BENCH_JSON": path}, check=False)
        if not os.path.exists(path):
            return [], f"exit {ended.returncode}"
        with open(path, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines], f"exit {ended.returncode}" if ended.returncode else None


def compared(program, device, timer, twice):
    """The rows of one program, and how it ended."""
    records, status = ours(program)
    peers = []
    for r in records:
        peers.append(peer_seconds(r, device, timer) if r["op"] in OPS else {})
        print(f"   PyTorch {r['name']}: {peers[-1]}", flush=True)
        if device == "cuda":
            # Our programs take memory of their own.
            torch.cuda.empty_cache()
    again = {r["name"]: r for r in ours(program)[0]} if twice and records else {}
    return [row_of(r, again.get(r["name"]), peer) for r, peer in zip(records, peers)], status


def row_of(r, again, peer):
    seconds = [r["seconds"]] + ([again["seconds"]] if again else [])
    best = statistics.mean(seconds)
    figures = {way: value / best for way, value in peer.items() if isinstance(value, float)}
    if r.get("peak"):
        figures["share"] = r["rate"] * r["seconds"] / best / r["peak"]
    wanted = goals(r)
    verdict = {name: figures.get(name, math.nan) >= least for name, least in wanted.items()}
    return {**r, "seconds": best, "ours": seconds, "peer": peer, "figures": figures, "goals": wanted, "reached": verdict}


def text_of(row):
    rate = ""
    if "rate" in row:
        value = row["rate"] * row["ours"][0] / row["seconds"]
        rate = f"{value * 1e-12:.1f} TFLOP/s" if row["unit"] == "flops" else f"{value * 1e-9:.0f} GB/s"
    spread = (max(row["ours"]) - min(row["ours"])) / row["seconds"]
    figures = row["figures"]

    def shown(name, text="{:.2f}"):
        return text.format(figures[name]) if name in figures else "–"

    def microseconds(way):
        value = row["peer"].get(way)
        return f"{value * 1e6:.1f}" if isinstance(value, float) else "–"

    wanted = ", ".join(
        f"{name} ≥ {least}{'' if row['reached'][name] else ' missed'}" for name, least in row["goals"].items()
    )
    cells = [
        row["name"], f"{row['seconds'] * 1e6:.1f} ± {spread * 50:.0f} %", rate, shown("share"), microseconds("eager"),
        shown("eager"), microseconds("compile"), shown("compile"), wanted,
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


HEADER = """| what | ours, µs | rate | share of the ceiling | PyTorch, µs | ratio | torch.compile, µs | ratio | wanted |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


def leave(folder, about, rows, failed):
    """Writes table and measurements; returns the table."""
    missed = [f"{row['name']}: {name}" for row in rows for name, good in row["reached"].items() if not good]
    wanted = sum(len(row["goals"]) for row in rows)
    lines = [about, "", HEADER, *map(text_of, rows), "", f"{wanted - len(missed)} of {wanted} goals reached"]
    lines += [f"program failed: {name}" for name in failed]
    text = "\n".join(lines) + "\n"
    with open(os.path.join(folder, "table.md"), "w", encoding="utf-8") as table:
        table.write(text)
    with open(os.path.join(folder, "compare.json"), "w", encoding="utf-8") as results:
        json.dump({"machine": about, "rows": rows, "failed": failed}, results, indent=1)
    return text


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--programs", required=True, help="where NAME_bench_cuda lie")
    arguments.add_argument("--out", required=True, help="where the results go")
    arguments.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cpu only tries the script")
    arguments.add_argument("--once", action="store_true", help="run our programs once, not before and after PyTorch")
    arguments.add_argument("names", nargs="*", default=PROGRAMS, metavar="PROGRAM")
    given = arguments.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA device")
    warnings.filterwarnings("ignore", message=".*TF32.*")
    os.makedirs(given.out, exist_ok=True)
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    suffix = "_bench_cuda" if given.device == "cuda" else "_bench"
    machine = torch.cuda.get_device_name(0) if given.device == "cuda" else "CPU"
    about = f"{machine}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}, {time.strftime('%Y-%m-%d')}"
    print(about, flush=True)

    timer = Timer(given.device)
    rows, failed = [], []
    for name in given.names:
        program = os.path.join(given.programs, name + suffix)
        more, status = compared(program, given.device, timer, not given.once)
        rows += more
        if status:
            failed.append(f"{name}: {status}")
        table = leave(given.out, about, rows, failed)
    print(table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
