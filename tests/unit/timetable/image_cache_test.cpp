#include "timetable/image_cache.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <railbook/timetable.hpp>

#include "store/memory/memory.hpp"
#include "support/environment.hpp"
#include "support/feed.hpp"

namespace railbook::timetable {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ImageCacheTest : public testing::Test {
protected:
    Timetable open() { return Timetable{environment_, *store_, prefix_}; }
    Feed import(const test::FeedFiles& files, const std::string& name = "f") {
        const auto report = open().import_gtfs(files.write_folder(), {.name = name});
        EXPECT_TRUE(report) << (report ? "" : report.error().detail);
        return report ? report->feed : Feed{};
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& each : std::filesystem::directory_iterator{folder_.path()})
            names.push_back(each.path().filename().string());
        std::ranges::sort(names);
        return names;
    }
    static std::string name_of(const Feed& feed) { return "t-" + feed.checksum + ".image"; }
    std::string path_of(const Feed& feed) const { return folder_.file(name_of(feed)); }
    std::string train() {
        auto timetable = open();
        const auto run = timetable.run("2026-12-01.f:1");
        return run ? run->train : run.error().detail;
    }

    test::TestEnvironment environment_;
    test::TemporaryFolder folder_;
    std::string prefix_ = folder_.file("t-");
    std::unique_ptr<Store> store_ = store::open_memory(environment_);
};

TEST_F(ImageCacheTest, AnImportIsKeptAndTheNextStartMapsIt) {
    const auto feed = import(test::FeedFiles{});
    EXPECT_THAT(files(), ElementsAre(name_of(feed)));
    const auto mapped = ImageCache{prefix_}.find(feed);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped->feed(), "f");
    EXPECT_EQ(train(), "IC 100");
}

TEST_F(ImageCacheTest, WhatTheStoreNeverHadIsTakenFromTheFile) {
    // That it is mapped, and not made of what the store has: here the two differ.
    const auto feed = import(test::FeedFiles{});
    const auto other = import(test::FeedFiles{}.set("trips.txt", "route_id,service_id,trip_id,trip_short_name\n"
                                                                 "X,daily,1,200\n"), "g");
    auto bytes = test::read_bytes(path_of(other));
    bytes.replace(bytes.size() - 64, 64, feed.checksum);
    auto text = bytes.find("\1g");
    ASSERT_NE(text, std::string::npos);
    bytes[text + 1] = 'f';
    std::string image = bytes.substr(0, bytes.size() - 64);
    const auto checksum = image::checksum_of(std::as_bytes(std::span{image}));
    std::memcpy(bytes.data() + offsetof(image::Head, checksum), &checksum, sizeof checksum);
    test::write_bytes(path_of(feed), bytes);
    EXPECT_EQ(train(), "IC 200");
}

TEST_F(ImageCacheTest, ANewVersionTakesThePlaceOfTheOldOne) {
    const auto first = import(test::FeedFiles{});
    const auto other = import(test::FeedFiles{}, "g");
    test::write_bytes(folder_.file("t-unfinished-abcdef"), "unfinished");
    test::write_bytes(folder_.file("t-"), "another file");
    test::write_bytes(folder_.file("t-notes.image"), "another file");
    const auto second = import(test::FeedFiles{}.append("stops.txt", "D,Dedorf,1,1\n"));
    auto expected = std::vector{std::string{"t-"}, name_of(other), name_of(second), std::string{"t-notes.image"}};
    std::ranges::sort(expected);
    EXPECT_EQ(files(), expected);
    EXPECT_FALSE(ImageCache{prefix_}.find(first));

    auto timetable = open();
    ASSERT_TRUE(timetable.remove_feed("g"));
    EXPECT_FALSE(ImageCache{prefix_}.find(other));
    EXPECT_TRUE(ImageCache{prefix_}.find(second));
}

TEST_F(ImageCacheTest, AMissingFileIsMadeAnew) {
    const auto feed = import(test::FeedFiles{});
    std::filesystem::remove(path_of(feed));
    EXPECT_EQ(train(), "IC 100");
    EXPECT_TRUE(ImageCache{prefix_}.find(feed));
}

TEST_F(ImageCacheTest, AFileThatIsDamagedAnywhereIsMadeAnew) {
    const auto feed = import(test::FeedFiles{});
    const auto sound = test::read_bytes(path_of(feed));
    const auto is_made_anew = [&](const std::string& bytes) {
        // Another file, as a rename makes it: whoever mapped the old one still has it.
        std::filesystem::remove(path_of(feed));
        test::write_bytes(path_of(feed), bytes);
        if (ImageCache{prefix_}.find(feed)) return false;
        return train() == "IC 100" && test::read_bytes(path_of(feed)) == sound;
    };
    for (std::size_t at = 0; at < sound.size(); at += at < 512 ? 1 : 7) {
        auto bytes = sound;
        bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
        ASSERT_TRUE(is_made_anew(bytes)) << at;
    }
    for (std::size_t size = 0; size < sound.size(); size += 61)
        ASSERT_TRUE(is_made_anew(sound.substr(0, size))) << size;
    EXPECT_TRUE(is_made_anew(sound + "x"));
    EXPECT_TRUE(is_made_anew(""));
}

TEST_F(ImageCacheTest, WhatIsNoFileIsNoImage) {
    const auto feed = import(test::FeedFiles{});
    std::filesystem::remove(path_of(feed));
    std::filesystem::create_directory(path_of(feed));
    EXPECT_EQ(train(), "IC 100");
    std::filesystem::remove(path_of(feed));
    std::filesystem::create_symlink("/dev/zero", path_of(feed));
    EXPECT_FALSE(ImageCache{prefix_}.find(feed));
    EXPECT_EQ(train(), "IC 100");
    EXPECT_TRUE(ImageCache{prefix_}.find(feed));
}

TEST_F(ImageCacheTest, WithoutAFolderAllGoesOn) {
    prefix_ = folder_.file("nowhere/t-");
    import(test::FeedFiles{});
    EXPECT_EQ(train(), "IC 100");
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ImageCacheTest, WithoutACacheThereAreNoFiles) {
    prefix_.clear();
    import(test::FeedFiles{});
    EXPECT_EQ(train(), "IC 100");
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ImageCacheTest, ADryRunKeepsNothing) {
    ASSERT_TRUE(open().import_gtfs(test::FeedFiles{}.write_folder(), {.name = "f", .dry_run = true}));
    EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ImageCacheTest, AMappedTimetableOutlivesItsFile) {
    import(test::FeedFiles{});
    auto timetable = open();
    ASSERT_TRUE(timetable.run("2026-12-01.f:1"));
    import(test::FeedFiles{}.append("stops.txt", "D,Dedorf,1,1\n"));
    EXPECT_THAT(files(), SizeIs(1));
    EXPECT_TRUE(timetable.run("2026-12-01.f:1"));
}

}  // namespace
}  // namespace railbook::timetable
