#ifndef YIMA_SERVER_HTTP_HTML_H_
#define YIMA_SERVER_HTTP_HTML_H_

#include <string>
#include <string_view>
#include <utility>

namespace yima::server {

/// A piece of a page. What comes from records and requests goes through Text, and only there do the
/// two meet: nothing else escapes, nothing else needs to.
class Html {
 public:
  Html() = default;
  /// Our own words of markup.
  explicit Html(std::string_view markup) : markup_(markup) {}

  Html& Raw(std::string_view markup) {
    markup_ += markup;
    return *this;
  }
  Html& Add(const Html& piece) { return Raw(piece.markup_); }
  /// Anybody's words, fit for content and for quoted attributes: escaped; control characters and
  /// those that turn the direction of writing are left out, broken UTF-8 is shown as U+FFFD.
  Html& Text(std::string_view words);
  /// Words between tags of a name: `<p>words</p>`.
  Html& Tag(std::string_view name, std::string_view words);

  /// Room for so many bytes in all.
  void Reserve(size_t bytes) { markup_.reserve(bytes); }
  const std::string& markup() const& { return markup_; }
  std::string markup() && { return std::move(markup_); }
  bool empty() const { return markup_.empty(); }

 private:
  std::string markup_;
};

}  // namespace yima::server

#endif  // YIMA_SERVER_HTTP_HTML_H_
