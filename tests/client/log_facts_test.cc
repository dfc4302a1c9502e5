#include <fstream>
#include <map>
#include <random>

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "client/log/entry_facts.h"
#include "client/log/entry_shape.h"
#include "client/log/restores.h"
#include "codegen/code/tile_tree.h"
#include "yima/v1/log_entry.pb.h"

namespace yima {
namespace {

v1::LogEntry EntryAt(uint64_t time_us, const std::string& method) {
  v1::LogEntry entry;
  entry.set_time_us(time_us);
  entry.set_method(method);
  entry.set_revision(1);
  return entry;
}

TEST(EntryFactsTest, AreThoseOfTheEntry) {
  v1::LogEntry entry = EntryAt(5, "m");
  entry.set_principal("7");
  entry.set_revision(3);
  entry.mutable_code()->set_serial(9);
  const std::string bytes = entry.SerializeAsString();
  const auto facts = EntryFacts::Of(bytes);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->time_us, 5u);
  EXPECT_EQ(facts->revision, 3u);
  EXPECT_EQ(facts->principal, "7");
  EXPECT_EQ(RecordWords(*facts), "code 9");
}

TEST(EntryFactsTest, ClassesHaveNamesAndThereIsOneRegistry) {
  v1::LogEntry entry = EntryAt(5, "m");
  entry.mutable_facility_class()->set_code("01001");
  std::string bytes = entry.SerializeAsString();
  EXPECT_EQ(RecordWords(*EntryFacts::Of(bytes)), "facility_class 01001");
  entry.mutable_registry()->set_id("abc");
  bytes = entry.SerializeAsString();
  EXPECT_EQ(RecordWords(*EntryFacts::Of(bytes)), "registry 1");
}

TEST(EntryFactsTest, RefuseWhatIsNoEntry) {
  v1::LogEntry entry = EntryAt(5, "m");
  EXPECT_FALSE(EntryFacts::Of(entry.SerializeAsString())) << "no record";
  entry.mutable_code()->set_serial(9);
  const std::string bytes = entry.SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(EntryFacts::Of(std::string_view(bytes).substr(0, size))) << size;
  }
  EXPECT_FALSE(EntryFacts::Of(bytes.substr(9) + bytes.substr(0, 9))) << "the time is not first";
  v1::LogEntry second;
  second.mutable_facility()->set_uid(1);
  EXPECT_FALSE(EntryFacts::Of(bytes + second.SerializeAsString())) << "two records";
}

TEST(EntryFactsTest, RefuseFieldsOfAnotherWireType) {
  v1::LogEntry entry = EntryAt(5, "m");
  entry.mutable_code()->set_serial(9);
  const std::string good = entry.SerializeAsString();
  const std::string head = good.substr(0, 9);
  ASSERT_TRUE(EntryFacts::Of(good));
  const auto with = [&](const std::string& more) {
    return EntryFacts::Of(good + more).has_value();
  };
  EXPECT_FALSE(with(std::string("\x08\x05", 2))) << "the time as a varint";
  EXPECT_FALSE(with(std::string("\x10\x05", 2))) << "the principal as a number";
  EXPECT_FALSE(with(std::string("\x18\x05", 2))) << "the method as a number";
  EXPECT_FALSE(with(std::string("\x2a\x01\x05", 3))) << "the batch as bytes";
  EXPECT_FALSE(with(std::string("\x32\x01\x05", 3))) << "the revision as bytes";
  EXPECT_FALSE(with(std::string("\x35\1\0\0\0", 5))) << "the revision as a fixed32";
  EXPECT_FALSE(with(std::string("\x80\x01\x05", 3))) << "a second record as a number";
  EXPECT_TRUE(with(std::string("\x38\x05", 2))) << "a field of a later version";
  const auto named = [&](const std::string& record) {
    return EntryFacts::Of(head + record).has_value();
  };
  EXPECT_TRUE(named(std::string("\x8a\x01\x02\x08\x09", 5)));
  EXPECT_FALSE(named(std::string("\x8a\x01\x03\x0a\x01\x09", 6))) << "a serial as bytes";
  EXPECT_FALSE(named(std::string("\x8a\x01\x05\x0d\x09\0\0\0", 8))) << "and as a fixed32";
  EXPECT_FALSE(named(std::string("\x9a\x01\x02\x08\x09", 5))) << "a class by a number";
  EXPECT_FALSE(named(std::string("\xaa\x01\x02\x08\x09", 5))) << "a registry by a number";
  EXPECT_TRUE(named(std::string("\xa2\x06\x03\x0a\x01x", 6))) << "a kind that is not known";
}

TEST(EntryFactsTest, RefuseTheVectorsThatAreMalformed) {
  std::ifstream file(YIMA_SOURCE_DIR "/tests/vectors/log.json");
  const auto vectors = nlohmann::json::parse(file);
  const auto facts_of = [](const nlohmann::json& hex) {
    const auto text = hex.get<std::string>();
    std::string bytes(text.size() / 2, '\0');
    EXPECT_TRUE(FromHex(text, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
    return EntryFacts::Of(bytes).has_value();
  };
  for (const auto& entry : vectors["entries"]) EXPECT_TRUE(facts_of(entry)) << entry;
  ASSERT_FALSE(vectors["malformed"].empty());
  for (const auto& one : vectors["malformed"]) EXPECT_FALSE(facts_of(one["entry"])) << one["name"];
}

/// An entry with fields of every sort.
std::string RichEntry() {
  v1::LogEntry entry = EntryAt(5, "m");
  entry.set_batch(uint64_t{1} << 40);
  v1::Facility& facility = *entry.mutable_facility();
  facility.set_uid(9);
  facility.set_division("140502");
  facility.set_address("凤台东街 7 号");
  facility.mutable_position()->set_longitude(112.8);
  auto& code = *facility.add_codes();
  code.set_scheme(2);
  code.set_digits("14050201001000001");
  facility.mutable_remark()->set_hash(std::string(32, '\xff'));
  return entry.SerializeAsString();
}

TEST(EntryShapeTest, SaysWhatTheParserSays) {
  const google::protobuf::LogSilencer silent;
  const std::string good = RichEntry();
  ASSERT_TRUE(IsLogEntry(good));
  const auto parses = [](const std::string& bytes) {
    return v1::LogEntry().ParseFromString(bytes);
  };
  int refused = 0;
  for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    refused += parses(bytes) ? 0 : 1;
    EXPECT_EQ(IsLogEntry(bytes), parses(bytes)) << bit;
  }
  EXPECT_GT(refused, 100);
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(IsLogEntry(good.substr(0, size)), parses(good.substr(0, size))) << size;
  }
  // A field of a later version, a tag and a length of too many bytes.
  for (const std::string& more :
       {std::string("\xfa\x3f\x01x", 4), std::string("\x92\x80\x80\x80\x80\x00\x01x", 8),
        std::string("\x12\x81\x80\x80\x80\x80\x00x", 8)}) {
    EXPECT_EQ(IsLogEntry(good + more), parses(good + more)) << ::testing::PrintToString(more);
  }
}

/// A slow obvious one beside it, over ids that come in any order.
TEST(RevisionsTest, KnowTheLastOfEachRecord) {
  std::mt19937_64 random(3);
  Revisions revisions;
  std::map<std::pair<int, uint64_t>, uint32_t> model;
  EntryFacts facts;
  for (uint32_t i = 0; i < 200'000; ++i) {
    facts.kind = i % 16 == 0 ? 16 : 17;
    facts.id = i % 3 == 0 ? i : random() % 200'000;
    auto& last = model[{facts.kind, facts.id}];
    ASSERT_EQ(revisions.Set(facts, last + 1), last) << i;
    ++last;
  }
  std::string bytes;
  revisions.AppendTo(bytes);
  Revisions again;
  std::string_view rest = bytes;
  ASSERT_TRUE(again.TakeFrom(rest));
  EXPECT_TRUE(rest.empty());
  for (const auto& [key, revision] : model) {
    facts.kind = key.first;
    facts.id = key.second;
    ASSERT_EQ(again.Set(facts, revision + 1), revision);
  }
  for (size_t size = 0; size < 100; ++size) {
    rest = std::string_view(bytes).substr(0, size);
    EXPECT_FALSE(Revisions().TakeFrom(rest)) << size;
  }
}

/// A log that was restored after `kept` entries, with so many revocations entered again.
class RestoresTest : public ::testing::Test {
 protected:
  void Add(const v1::LogEntry& entry) {
    const std::string bytes = entry.SerializeAsString();
    ASSERT_TRUE(EntryFacts::Of(bytes));
    taken_ = finder_.Take(tree_.size(), *EntryFacts::Of(bytes));
    leaves_.push_back(HashLeaf(bytes));
    ASSERT_TRUE(tree_.Append(leaves_.back(), {}));
  }
  void AddFacilities(uint64_t n) {
    for (; n > 0; --n) {
      v1::LogEntry entry = EntryAt(100 + tree_.size(), "CreateFacility");
      entry.mutable_facility()->set_uid(tree_.size() + 1);
      Add(entry);
    }
  }
  void Restore(uint16_t epoch, uint64_t revocations, const std::string& last_checkpoint) {
    for (; revocations > 0; --revocations) {
      v1::LogEntry entry = EntryAt(100 + tree_.size(), "yimad/restore");
      entry.mutable_code()->set_serial(tree_.size());
      Add(entry);
    }
    v1::LogEntry entry = EntryAt(100 + tree_.size(), "yimad/restore");
    registry_.set_id(kRegistry);
    auto* restore = registry_.add_restores();
    restore->set_epoch(epoch);
    restore->set_log_size(tree_.size());
    restore->set_last_checkpoint(last_checkpoint);
    *entry.mutable_registry() = registry_;
    Add(entry);
  }
  std::string Checkpoint_(uint16_t epoch, uint64_t size, const TreeHash& root) const {
    return Checkpoint{LogName{kRegistry, epoch}.ToString(), size, root, ""}.Sign(key_).ToString();
  }
  TreeHash RootAt(uint64_t size) const { return RootOverHashes(std::span(leaves_).first(size)); }
  std::string Check(RestoreSeen& restore, const std::string& registry = kRegistry) {
    auto tiles = VerifiedTiles::Open(tree_.size(), tree_.Root(), [this](const Tile& tile) {
      return Result<std::string>(TileBytesOf(tree_.open()[static_cast<size_t>(tile.level)]));
    });
    const auto checked = CheckRestore(registry, {key_.public_key()}, *tiles, restore);
    return checked ? "" : checked.error().message;
  }

  static inline const std::string kRegistry = std::string(32, 'a');
  const SigningKey key_ = SigningKey::Generate();
  v1::Registry registry_;
  RestoreFinder finder_;
  Result<void> taken_;  ///< Of the last entry.
  TileTree tree_;
  std::vector<TreeHash> leaves_;
};

TEST_F(RestoresTest, BeginWithTheFirstEntryOfTheRestore) {
  AddFacilities(20);
  Restore(2, 3, "");
  AddFacilities(2);
  Restore(5, 0, "");
  ASSERT_EQ(finder_.found().size(), 2u);
  const auto& first = finder_.found()[0];
  EXPECT_EQ(first.epoch, 2);
  EXPECT_EQ(first.previous, 1);
  EXPECT_EQ(first.kept, 20u);
  EXPECT_EQ(first.kept_until_us, 119u);
  EXPECT_EQ(first.index, 23u);
  const auto& second = finder_.found()[1];
  EXPECT_EQ(second.previous, 2);
  EXPECT_EQ(second.kept, 26u);
  std::string bytes;
  finder_.AppendTo(bytes);
  RestoreFinder again;
  std::string_view rest = bytes;
  ASSERT_TRUE(again.TakeFrom(rest));
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(again.found()[1].kept, 26u);
}

TEST_F(RestoresTest, TwoInARowAreTwo) {
  AddFacilities(4);
  Restore(2, 0, "");
  Restore(3, 0, "");
  ASSERT_EQ(finder_.found().size(), 2u);
  EXPECT_EQ(finder_.found()[1].kept, 5u);
}

TEST_F(RestoresTest, OneEntryNamesOneMore) {
  AddFacilities(4);
  registry_.add_restores()->set_epoch(2);
  Restore(3, 0, "");
  ASSERT_FALSE(taken_);
  EXPECT_EQ(taken_.error().reason, "LOG_DIFFERS");
  EXPECT_NE(taken_.error().message.find("entry 4 names 2 restores, want 1"), std::string::npos);
  EXPECT_TRUE(finder_.found().empty());
}

TEST_F(RestoresTest, NoOtherEntryNamesOne) {
  AddFacilities(4);
  Restore(2, 0, "");
  ASSERT_TRUE(taken_) << taken_.error().message;
  v1::LogEntry entry = EntryAt(100 + tree_.size(), "UpdateRegistry");
  *entry.mutable_registry() = registry_;
  Add(entry);
  EXPECT_TRUE(taken_);
  entry.mutable_registry()->add_restores()->set_epoch(3);
  Add(entry);
  EXPECT_FALSE(taken_);
  entry.mutable_registry()->clear_restores();
  Add(entry);
  EXPECT_FALSE(taken_) << "what was named stays";
}

TEST_F(RestoresTest, EpochsRise) {
  AddFacilities(4);
  Restore(3, 0, "");
  Restore(3, 0, "");
  ASSERT_FALSE(taken_);
  EXPECT_NE(taken_.error().message.find("follows on epoch 3"), std::string::npos);
}

TEST_F(RestoresTest, OfTheKeysNamedTheSignersIsKept) {
  AddFacilities(20);
  for (const auto& key : {SigningKey::Generate().public_key(), key_.public_key()}) {
    registry_.add_log_keys(std::string(key.begin(), key.end()));
  }
  Restore(2, 0, Checkpoint_(1, 15, RootAt(15)));
  EXPECT_EQ(finder_.found()[0].signer, key_.public_key());
}

TEST_F(RestoresTest, ACheckpointOfWhatWasRestoredMustBeItsRoot) {
  AddFacilities(20);
  const std::string good = Checkpoint_(1, 15, RootAt(15));
  const std::string forked = Checkpoint_(1, 15, RootAt(16));
  Restore(2, 1, good);
  auto restore = finder_.found()[0];
  EXPECT_EQ(Check(restore), "");
  EXPECT_EQ(restore.lost, 0u);
  restore.last_checkpoint = forked;
  EXPECT_NE(Check(restore).find("have another"), std::string::npos);
}

TEST_F(RestoresTest, ALargerOneSaysHowManyAreLost) {
  AddFacilities(20);
  Restore(2, 7, Checkpoint_(1, 25, TreeHash{}));
  auto restore = finder_.found()[0];
  EXPECT_EQ(Check(restore), "");
  EXPECT_EQ(restore.lost, 5u);
}

TEST_F(RestoresTest, OneThatDoesNotCountIsADifference) {
  AddFacilities(5);
  Restore(2, 0, Checkpoint_(1, 5, TreeHash{}));
  auto restore = finder_.found()[0];
  restore.last_checkpoint = Checkpoint_(2, 5, RootAt(5));
  EXPECT_NE(Check(restore).find("want an earlier epoch"), std::string::npos);
  restore.last_checkpoint = Checkpoint_(1, 5, RootAt(5));
  EXPECT_NE(Check(restore, std::string(32, 'b')).find("want an earlier epoch"), std::string::npos);
  restore.last_checkpoint = "nothing";
  EXPECT_NE(Check(restore).find("does not count"), std::string::npos);
  Checkpoint other{LogName{kRegistry, 1}.ToString(), 5, RootAt(5), ""};
  restore.last_checkpoint = other.Sign(SigningKey::Generate()).ToString();
  EXPECT_NE(Check(restore).find("does not count"), std::string::npos);
}

TEST_F(RestoresTest, OneOfAnotherBranchCannotBeCompared) {
  AddFacilities(5);
  Restore(3, 0, Checkpoint_(2, 4, TreeHash{}));
  auto restore = finder_.found()[0];
  EXPECT_EQ(Check(restore), "");
  EXPECT_EQ(restore.lost, 0u);
}

}  // namespace
}  // namespace yima
