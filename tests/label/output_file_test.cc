#include "codegen/label/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/label/plates.h"

namespace yima::label {
namespace {

TEST(OutputFileTest, AppearsWholeWithPublish) {
  const TempFolder folder;
  auto file = OutputFile::Create(folder / "a.txt").value();
  ASSERT_TRUE(file.Write("one ") && file.Write("two"));
  ASSERT_TRUE(file.Close());
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt"));
  EXPECT_EQ(ReadFile(file.hidden_path()), "one two");
  ASSERT_TRUE(file.Publish());
  EXPECT_EQ(ReadFile(folder / "a.txt"), "one two");
  EXPECT_THAT(folder.Names(), testing::ElementsAre("a.txt"));
}

TEST(OutputFileTest, LeavesNothingWhenItIsNotPublished) {
  const TempFolder folder;
  {
    auto open = OutputFile::Create(folder / "a.txt").value();
    ASSERT_TRUE(open.Write("half"));
    auto closed = OutputFile::Create(folder / "b.txt").value();
    ASSERT_TRUE(closed.Close());
    const OutputFile moved = std::move(open);
    EXPECT_EQ(folder.Names().size(), 2u);
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(OutputFileTest, KeepsTheOldFileUntilTheNewOneIsWhole) {
  const TempFolder folder;
  auto old = OutputFile::Create(folder / "a.txt").value();
  ASSERT_TRUE(old.Write("old") && old.Close() && old.Publish());
  auto file = OutputFile::Create(folder / "a.txt").value();
  ASSERT_TRUE(file.Write("new") && file.Close());
  EXPECT_EQ(ReadFile(folder / "a.txt"), "old");
  ASSERT_TRUE(file.Publish());
  EXPECT_EQ(ReadFile(folder / "a.txt"), "new");
}

TEST(OutputFileTest, NamesWhatIsInTheWay) {
  const TempFolder folder;
  const auto missing = OutputFile::Create(folder / "none/a.txt");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, "FOLDER_MISSING");
  EXPECT_THAT(missing.error().message, testing::HasSubstr("none"));
  // No one creates files in /proc, root neither.
  const auto unwritable = OutputFile::Create("/proc/a.txt");
  ASSERT_FALSE(unwritable);
  EXPECT_EQ(unwritable.error().reason, "FILE_UNWRITABLE");
  std::filesystem::create_directory(folder / "taken");
  auto file = OutputFile::Create(folder / "taken").value();
  ASSERT_TRUE(file.Close());
  EXPECT_EQ(file.Publish().error().reason, "FILE_UNWRITABLE");
}

}  // namespace
}  // namespace yima::label
