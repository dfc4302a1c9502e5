#include "client/scan/apart.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/scan/picture.h"

namespace yima::scan {
namespace {

using Symbols = std::vector<ScannedSymbol>;

TEST(ApartTest, TellsWhatWasFound) {
  const Symbols found = {{std::string("a\0b", 3), {{{1, 2}, {3, 4}, {-5, 6}, {7, 8}}}},
                         {std::string(100'000, 'x'), {}}};
  const auto told = RunApart([&] { return found; });
  ASSERT_TRUE(told) << told.error().message;
  ASSERT_EQ(told->size(), 2u);
  EXPECT_EQ((*told)[0].text, found[0].text);
  EXPECT_EQ((*told)[0].corners[2].x, -5);
  EXPECT_EQ((*told)[1].text, found[1].text);
  EXPECT_TRUE(RunApart([] { return Symbols(); })->empty());
}

TEST(ApartTest, ADecoderThatEndsItsProgramEndsItsOwnAlone) {
  const std::vector<Symbols (*)()> ends = {+[]() -> Symbols { std::abort(); },
                                           +[]() -> Symbols { _exit(3); },
                                           +[]() -> Symbols { throw std::runtime_error("no"); }};
  for (const auto end : ends) {
    const auto told = RunApart(end);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().reason, "DECODER_FAILED");
    EXPECT_EQ(told.error().code, StatusCode::kInvalidArgument);
  }
}

TEST(ApartTest, ManyAtATimeDoNotMixTheirFindings) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i] {
      for (int round = 0; round < 5; ++round) {
        const auto told = RunApart([i] { return Symbols{{fmt::format("{}", i), {}}}; });
        ASSERT_TRUE(told) << told.error().message;
        EXPECT_EQ(told->at(0).text, fmt::format("{}", i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(ApartTest, ReadsAFileAndNamesOneThatIsNone) {
  Image picture = Blank(400, 400);
  Draw(picture, Symbol("HTTPS://YIMA.EXAMPLE/1", 4), 50, 50);
  const auto file = std::filesystem::temp_directory_path() / fmt::format("apart-{}.pgm", getpid());
  std::ofstream(file, std::ios::binary)
      << fmt::format("P5\n{} {}\n255\n", picture.width, picture.height)
      << std::string(picture.pixels.begin(), picture.pixels.end());
  const auto symbols = ScanFileApart(file.string());
  ASSERT_TRUE(symbols) << symbols.error().message;
  ASSERT_EQ(symbols->size(), 1u);
  EXPECT_EQ((*symbols)[0].text, "HTTPS://YIMA.EXAMPLE/1");
  std::filesystem::remove(file);
  EXPECT_EQ(ScanFileApart(file.string()).error().reason, "FILE_UNREADABLE");
}

}  // namespace
}  // namespace yima::scan
