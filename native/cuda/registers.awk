# registers.awk spills.txt FILE.ptxas…: a line a kernel and target, of what ptxas -v says; exit status 1 where a kernel
# spills that spills.txt does not name. Bytes but for the registers; shared is what the kernel declares, without what its
# launch adds.

# "void retort::cuda::(anonymous namespace)::k<(retort::Activation)1>(float*)": k<(Activation)1>.
function short(name,    i, c, depth) {
  gsub(/\(anonymous namespace\)::/, "", name)
  gsub(/(retort|cuda)::/, "", name)
  sub(/^void /, "", name)
  for (i = 1; i <= length(name); ++i) {
    c = substr(name, i, 1)
    depth += (c == "<") - (c == ">")
    if (c == "(" && depth == 0) break
  }
  return substr(name, 1, i - 1)
}

function bare(name) {
  sub(/<.*/, "", name)
  return name
}

# The number before the text.
function count(text) {
  return match($0, "[0-9]+ " text) ? substr($0, RSTART) + 0 : 0
}

FILENAME == ARGV[1] {
  if ($1 != "" && $1 !~ /^#/) allowed[$1] = 1
  next
}

/Compiling entry function/ {
  target = $NF
  gsub(/'/, "", target)
}

/Function properties for/ {
  name = $0
  sub(/.*Function properties for /, "", name)
  name = short(name)
}

/bytes stack frame/ {
  stack = count("bytes stack frame")
  spilled = count("bytes spill stores") + count("bytes spill loads")
  if (spilled > 0 && !(bare(name) in allowed)) bad = bad "\n  " name ", " target ": " $0
}

/Used [0-9]+ registers/ {
  rows[++row] = sprintf("%-64s %-7s %9d %7d %6d %7d", name, target, count("registers"), spilled, stack, count("bytes smem"))
}

END {
  printf "%-64s %-7s %9s %7s %6s %7s\n", "kernel", "target", "registers", "spilled", "stack", "shared"
  for (i = 1; i <= row; ++i) print rows[i]
  if (bad != "") {
    print "a kernel must not spill its registers, or native/cuda/spills.txt must say why it may:" bad | "cat >&2"
    exit 1
  }
}
