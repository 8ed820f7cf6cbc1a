#include "options.h"

#include <getopt.h>

#include <cstdlib>
#include <stdexcept>

namespace retort::load {
namespace {

const option known[] = {{"closed", required_argument, nullptr, 'c'},
                        {"connections", required_argument, nullptr, 'n'},
                        {"warm-up", required_argument, nullptr, 'w'},
                        {"header", required_argument, nullptr, 'h'},
                        {"record", required_argument, nullptr, 'r'},
                        {"expect", required_argument, nullptr, 'e'},
                        {"keep", required_argument, nullptr, 'k'},
                        {"patience", required_argument, nullptr, 'p'},
                        {"seed", required_argument, nullptr, 's'},
                        {"each-second", no_argument, nullptr, 'l'},
                        {nullptr, 0, nullptr, 0}};

[[noreturn]] void refuse(const std::string& what, const std::string& came) {
  throw std::invalid_argument("[open_loop] " + what + ": " + came);
}

double positive(const std::string& text, const std::string& what) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(number > 0)) refuse(what + " must be a number above 0", text);
  return number;
}

void add_phase(Options& options, const std::string& text, bool reported) {
  const size_t colon = text.find(':');
  if (options.closed != (colon == std::string::npos)) {
    refuse(options.closed ? "a phase of --closed must be SECONDS" : "a phase must be RATE:SECONDS", text);
  }
  const double rate = options.closed ? 0 : positive(text.substr(0, colon), "the rate of a phase");
  const double seconds = positive(options.closed ? text : text.substr(colon + 1), "the seconds of a phase");
  const double begin = options.phases.empty() ? 0 : options.phases.back().end;
  options.phases.push_back({rate, begin, begin + seconds, reported});
}

}  // namespace

Options options_of(int count, char** arguments) {
  Options options;
  std::string warm_up;
  for (int given; (given = getopt_long(count, arguments, "", known, nullptr)) != -1;) {
    switch (given) {
      case 'c':
        options.closed = true;
        [[fallthrough]];
      case 'n':
        options.connections = static_cast<size_t>(positive(optarg, "connections"));
        break;
      case 'w':
        warm_up = optarg;
        break;
      case 'h':
        options.headers.push_back(optarg);
        break;
      case 'r':
        options.record_bytes = static_cast<size_t>(positive(optarg, "record"));
        break;
      case 'e':
        options.expected = optarg;
        break;
      case 'k':
        options.keep = positive(optarg, "keep");
        break;
      case 'p':
        options.patience = positive(optarg, "patience");
        break;
      case 's':
        options.seed = static_cast<uint64_t>(positive(optarg, "seed"));
        break;
      case 'l':
        options.each_second = true;
        break;
      default:
        refuse("an option must be one of those that the head of open_loop.cpp lists", arguments[optind - 1]);
    }
  }
  if (count - optind < 3)
    refuse("a URL, a file and a phase must be given", std::to_string(count - optind) + " of them");
  options.url = arguments[optind];
  options.file = arguments[optind + 1];
  if (!warm_up.empty()) add_phase(options, warm_up, false);
  for (int i = optind + 2; i < count; ++i) add_phase(options, arguments[i], true);
  return options;
}

}  // namespace retort::load
