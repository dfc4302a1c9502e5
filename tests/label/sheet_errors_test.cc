#include <fstream>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "codegen/label/sheet.h"
#include "tests/label/plates.h"

namespace yima::label {
namespace {

const Template& Plate() {
  static const Template plate = Template::Load("plate-60").value();
  return plate;
}

SheetOptions InFolder(const TempFolder& folder) {
  SheetOptions options;
  options.path = folder / "labels.pdf";
  options.labels_per_file = 5;
  return options;
}

/// Adds plates until something refuses, then closes.
Error ErrorOf(SheetWriter& writer, uint32_t count) {
  for (uint32_t n = 1; n <= count; ++n) {
    const auto added = writer.Add(PlateFields(n));
    if (!added) return added.error();
  }
  const auto closed = writer.Close();
  return closed ? Error() : closed.error();
}

TEST(SheetErrorsTest, RefusesAStartCellOutsideTheGrid) {
  const TempFolder folder;
  SheetOptions options = InFolder(folder);
  const Page page = Page::A4(Plate(), {}).value();
  for (const int cell : {0, -1, 13}) {
    options.start_cell = cell;
    const auto writer = SheetWriter::Create(Plate(), page, options);
    ASSERT_FALSE(writer);
    EXPECT_EQ(writer.error().reason, "START_CELL_OUT_OF_RANGE");
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(SheetErrorsTest, RefusesAJobWithoutLabels) {
  const TempFolder folder;
  {
    auto writer = SheetWriter::Create(Plate(), Page::OfLabel(Plate()), InFolder(folder)).value();
    EXPECT_EQ(ErrorOf(*writer, 0).reason, "LABELS_MISSING");
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(SheetErrorsTest, NamesAFolderThatIsMissingOrReadOnlyAtOnce) {
  const TempFolder folder;
  SheetOptions options = InFolder(folder);
  options.path = folder / "none/labels.pdf";
  EXPECT_EQ(SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options).error().reason,
            "FOLDER_MISSING");
  options.path = "/proc/labels.pdf";
  EXPECT_EQ(SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options).error().reason,
            "FILE_UNWRITABLE");
}

TEST(SheetErrorsTest, RefusesToReplaceWhatIsNoOutputOfItsOwn) {
  const TempFolder folder;
  const SheetOptions options = InFolder(folder);
  const auto refused = [&] {
    return SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options).error();
  };
  std::ofstream(folder / "labels.manifest.csv") << "编号,小类编码\n";
  EXPECT_EQ(refused().reason, "FILE_IN_THE_WAY");
  EXPECT_EQ(refused().field, folder / "labels.manifest.csv");
  EXPECT_EQ(ReadFile(folder / "labels.manifest.csv"), "编号,小类编码\n");
  std::filesystem::remove(folder / "labels.manifest.csv");
  std::ofstream(folder / "labels.pdf") << "PD";
  EXPECT_EQ(refused().field, folder / "labels.pdf");
  EXPECT_THAT(folder.Names(), testing::ElementsAre("labels.pdf"));
  std::ofstream(folder / "labels.pdf", std::ios::trunc);
  EXPECT_TRUE(SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options)) << "an empty file";
}

TEST(SheetErrorsTest, NamesFilesThatALongerJobLeft) {
  const TempFolder folder;
  for (const uint32_t labels : {11, 3}) {
    auto writer = SheetWriter::Create(Plate(), Page::OfLabel(Plate()), InFolder(folder)).value();
    for (uint32_t n = 1; n <= labels; ++n) ASSERT_TRUE(writer->Add(PlateFields(n)));
    const SheetReport report = writer->Close().value();
    ASSERT_TRUE(writer->Publish());
    EXPECT_THAT(report.left_overs,
                labels == 11
                    ? testing::Matcher<std::vector<std::string>>(testing::IsEmpty())
                    : testing::ElementsAre(folder / "labels-0002.pdf", folder / "labels-0003.pdf"));
  }
  EXPECT_EQ(folder.Names().size(), 4u) << "nothing is removed";
}

TEST(SheetErrorsTest, LeavesNothingWhenALabelIsRefused) {
  const TempFolder folder;
  {
    Template small = Plate();
    small.symbol.width_mm = small.symbol.height_mm = 15;
    auto writer = SheetWriter::Create(small, Page::OfLabel(small), InFolder(folder)).value();
    EXPECT_EQ(ErrorOf(*writer, 30).reason, "MODULE_TOO_SMALL");
    EXPECT_FALSE(writer->Add(PlateFields(99)) && writer->Close());
  }
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(SheetErrorsTest, ShowsEachFinishedFileToTheCheckAndObeysIt) {
  const TempFolder folder;
  std::mutex mutex;
  std::map<uint64_t, std::vector<std::string>> seen;
  SheetOptions options = InFolder(folder);
  options.threads = 2;
  options.check = [&](const FinishedSheet& sheet) -> Result<void> {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(std::filesystem::exists(sheet.path));
    EXPECT_FALSE(std::filesystem::exists(sheet.final_path));
    for (const PlacedLabel& label : *sheet.labels)
      seen[sheet.number].push_back(label.fields.code_text);
    if (sheet.number == 3) return Invalid("LABEL_UNREADABLE", "third file");
    return {};
  };
  {
    auto writer = SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options).value();
    EXPECT_EQ(ErrorOf(*writer, 15).reason, "LABEL_UNREADABLE");
  }
  EXPECT_EQ(seen[1].size(), 5u);
  EXPECT_EQ(seen[1][0], PlateText(1));
  EXPECT_THAT(folder.Names(), testing::IsEmpty());
}

TEST(SheetErrorsTest, LeavesTheFullDiskAsItWas) {
  const TempFolder folder;
  if (::mount("yima-test", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "a small tmpfs cannot be mounted here";
  std::string reason;
  std::vector<std::string> left;
  {
    SheetOptions options = InFolder(folder);
    options.labels_per_file = 1000;
    auto writer = SheetWriter::Create(Plate(), Page::OfLabel(Plate()), options).value();
    reason = ErrorOf(*writer, 1000).reason;
  }
  left = folder.Names();
  ::umount(folder.path().c_str());
  EXPECT_EQ(reason, "DISK_FULL");
  EXPECT_THAT(left, testing::IsEmpty());
}

}  // namespace
}  // namespace yima::label
