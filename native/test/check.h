// Test cases and checks, in the words of doctest. Of our own, so that a machine with a compiler and CMake alone can run
// every test. A failed check prints its place and goes on with the case.
#pragma once

#include <iostream>
#include <sstream>
#include <string>
#include <type_traits>

namespace retort::testing {

struct Case {
  const char* name;
  void (*body)();
  Case* next;

  Case(const char* name, void (*body)());
};

// Runs every case whose name contains `filter`; prints "N passed, N failed" and returns whether none failed.
bool run(const std::string& filter);
void passed();
void failed(const char* file, int line, const std::string& what);

// A line of context, for as long as it lives.
struct Note {
  explicit Note(std::string text);
  ~Note();
  Note(const Note&) = delete;
};

template <typename... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

template <typename T, typename = void>
struct Printable : std::false_type {};
template <typename T>
struct Printable<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> : std::true_type {
};

template <typename T>
std::string shown(const T& value) {
  if constexpr (Printable<T>::value) {
    return text(value);
  } else {
    return "{?}";
  }
}

// The left side of a comparison: keeps both values for the message.
template <typename L>
struct Left {
  const L& value;
  std::string& sides;

  template <typename R>
  bool operator==(const R& right) const {
    sides = ": " + shown(value) + " == " + shown(right);
    if constexpr (std::is_integral_v<L> && std::is_integral_v<R>) {
      return static_cast<std::common_type_t<L, R>>(value) == static_cast<std::common_type_t<L, R>>(right);
    } else {
      return value == right;
    }
  }
  template <typename R>
  bool operator<(const R& right) const {
    sides = ": " + shown(value) + " < " + shown(right);
    return value < right;
  }
  template <typename R>
  bool operator<=(const R& right) const {
    sides = ": " + shown(value) + " <= " + shown(right);
    return value <= right;
  }
  template <typename R>
  bool operator>=(const R& right) const {
    sides = ": " + shown(value) + " >= " + shown(right);
    return value >= right;
  }
  explicit operator bool() const { return static_cast<bool>(value); }
};

struct Start {
  std::string& sides;

  template <typename L>
  Left<L> operator<<(const L& value) const {
    return {value, sides};
  }
};

}  // namespace retort::testing

#define RETORT_JOIN_(a, b) a##b
#define RETORT_JOIN(a, b) RETORT_JOIN_(a, b)
#define RETORT_CASE(function, name)                                      \
  static void function();                                                \
  static retort::testing::Case RETORT_JOIN(function, _)(name, function); \
  static void function()
#define TEST_CASE(name) RETORT_CASE(RETORT_JOIN(test_case_, __LINE__), name)

// Printed with the failures of the scope that it stands in.
#define INFO(...) \
  const retort::testing::Note RETORT_JOIN(note_, __LINE__) { retort::testing::text(__VA_ARGS__) }

#define FAIL_CHECK(...) retort::testing::failed(__FILE__, __LINE__, retort::testing::text(__VA_ARGS__))
#define CHECK_MESSAGE(condition, ...) \
  ((condition) ? retort::testing::passed() : FAIL_CHECK(#condition, ": ", __VA_ARGS__))
#define CHECK(...)                                                                      \
  do {                                                                                  \
    std::string sides;                                                                  \
    const bool holds = static_cast<bool>(retort::testing::Start{sides} << __VA_ARGS__); \
    holds ? retort::testing::passed() : FAIL_CHECK(#__VA_ARGS__, sides);                \
  } while (false)
