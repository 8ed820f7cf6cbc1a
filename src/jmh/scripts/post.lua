-- wrk -s post.lua URL -- FILE: posts the lines of FILE, one body each, in turn.
local requests, count, at = {}, 0, 0

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for body in io.lines(args[1]) do
    count = count + 1
    requests[count] = wrk.format(nil, nil, nil, body)
  end
end

function request()
  at = at % count + 1
  return requests[at]
end

function done(summary, latency)
  local failed = summary.errors
  print(string.format("rate %.0f p50 %.2f p99 %.2f refused %d broken %d",
    summary.requests * 1e6 / summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    failed.status, failed.connect + failed.read + failed.write + failed.timeout))
end
