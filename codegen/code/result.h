#ifndef YIMA_CODEGEN_CODE_RESULT_H_
#define YIMA_CODEGEN_CODE_RESULT_H_

#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace yima {

/// gRPC's canonical codes, by their wire numbers; those Yima never gives are left out.
enum class StatusCode : int {
  kCancelled = 1,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// Why something could not be done. A forged code is never an Error: it is an answer, a Verdict.
struct Error {
  StatusCode code = StatusCode::kInternal;
  /// Stable UPPER_SNAKE name of the cause, for programs: "FACILITY_CODE_TAKEN".
  std::string reason;
  /// Lower case, for people: names the value and the limit it broke.
  std::string message;
  /// Where in the input: a proto field path, or "file:line". May be empty.
  std::string field;
  /// When the same call may succeed, in milliseconds from now; 0: no advice.
  int64_t retry_after_ms = 0;

  bool operator==(const Error&) const = default;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// An Error ready to be returned from any function that gives a Result.
inline tl::unexpected<Error> Fail(StatusCode code, std::string reason, std::string message,
                                  std::string field = {}) {
  return tl::unexpected<Error>(
      Error{code, std::move(reason), std::move(message), std::move(field)});
}

/// The commonest failure: what came from outside is not well formed.
inline tl::unexpected<Error> Invalid(std::string reason, std::string message,
                                     std::string field = {}) {
  return Fail(StatusCode::kInvalidArgument, std::move(reason), std::move(message),
              std::move(field));
}

}  // namespace yima

#define YIMA_CONCAT_INNER(a, b) a##b
#define YIMA_CONCAT(a, b) YIMA_CONCAT_INNER(a, b)

/// Evaluates a Result and returns its Error from the enclosing function, if it holds one.
#define YIMA_RETURN_IF_ERROR(expression)                                    \
  do {                                                                      \
    if (auto yima_result = (expression); !yima_result)                      \
      return tl::unexpected<::yima::Error>(std::move(yima_result).error()); \
  } while (false)

/// `YIMA_ASSIGN_OR_RETURN(auto x, F());` binds the value of F() or returns its Error.
#define YIMA_ASSIGN_OR_RETURN(declaration, expression) \
  YIMA_ASSIGN_OR_RETURN_INNER(YIMA_CONCAT(yima_result_, __LINE__), declaration, expression)
#define YIMA_ASSIGN_OR_RETURN_INNER(result, declaration, expression)            \
  auto result = (expression);                                                   \
  if (!result) return tl::unexpected<::yima::Error>(std::move(result).error()); \
  declaration = *std::move(result)

#endif  // YIMA_CODEGEN_CODE_RESULT_H_
