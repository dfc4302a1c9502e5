#ifndef YIMA_CLIENT_CLI_TABLE_H_
#define YIMA_CLIENT_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yima::cli {

/// Columns that a text takes on a terminal: two for each Han character and what is as wide.
size_t ColumnsOf(std::string_view utf8);

/// Lines of cells for people, each column as wide as its widest cell: the first from the left, the
/// others, which are figures, from the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { Add(std::move(head)); }

  void Add(std::vector<std::string> cells);
  std::vector<std::string> Lines() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
};

}  // namespace yima::cli

#endif  // YIMA_CLIENT_CLI_TABLE_H_
