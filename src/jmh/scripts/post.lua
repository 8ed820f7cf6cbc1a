-- wrk -s post.lua URL -- FILE [BYTES [HEADER VALUE]...]: posts the lines of FILE, or pieces of so many bytes, in turn.
local requests, count, at = {}, 0, 0

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for i = 3, #args, 2 do
    wrk.headers[args[i]] = args[i + 1]
  end
  local file = io.open(args[1], "rb")
  local piece = tonumber(args[2]) or "*l"
  for body in function() return file:read(piece) end do
    count = count + 1
    requests[count] = wrk.format(nil, nil, nil, body)
  end
  file:close()
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
