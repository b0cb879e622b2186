#include "timetable/archive.hpp"

#include <gtest/gtest.h>

#include "support/feed.hpp"

namespace railbook::timetable {
namespace {

using test::patch;
using test::ZipEntry;

class ArchiveTest : public testing::Test {
protected:
    std::string zip(const std::vector<ZipEntry>& entries) {
        const auto path = folder_.file("feed.zip");
        test::write_zip(path, entries);
        return path;
    }
    std::string file(const std::string& name) { return folder_.file(name); }

    static std::string read(Archive& archive, std::string_view name) {
        const auto source = archive.read(name);
        if (!source) return "refused: " + source.error().detail;
        std::string text;
        std::vector<char> piece(1000);
        while (true) {
            const auto count = (*source)(piece);
            if (!count) return "refused: " + count.error().detail;
            if (*count == 0) return text;
            text.append(piece.data(), *count);
        }
    }
    static ErrorCode code_of(const std::string& path, const ArchiveLimits& limits = {}) {
        const auto archive = Archive::open(path, limits);
        return archive ? ErrorCode{} : archive.error().code;
    }

    test::TemporaryFolder folder_;
};

TEST_F(ArchiveTest, AZipAndAFolderGiveTheSameBytes) {
    std::filesystem::create_directory(file("folder"));
    test::write_bytes(file("folder") + "/stops.txt", "a,b\n1,2\n");
    for (const auto& path : {zip({{"stops.txt", "a,b\n1,2\n"}}), file("folder")}) {
        const auto archive = Archive::open(path);
        ASSERT_TRUE(archive) << archive.error().detail;
        EXPECT_TRUE((*archive)->has("stops.txt"));
        EXPECT_FALSE((*archive)->has("trips.txt"));
        EXPECT_EQ((*archive)->claimed_size("stops.txt"), 8U);
        EXPECT_EQ(read(**archive, "stops.txt"), "a,b\n1,2\n");
        EXPECT_EQ((*archive)->read("trips.txt").error().code, ErrorCode::not_found);
    }
}

TEST_F(ArchiveTest, FilesInOneFolderOfTheZipAreTakenAndNoted) {
    const auto archive = Archive::open(zip({{"gtfs/stops.txt", "x"}, {"__MACOSX/gtfs/._stops.txt", "y"}}));
    ASSERT_TRUE(archive) << archive.error().detail;
    EXPECT_EQ(read(**archive, "stops.txt"), "x");
    ASSERT_EQ((*archive)->notes().size(), 1U);
    EXPECT_EQ((*archive)->notes().front(), "the files are in the folder 'gtfs/' of the zip");
}

TEST_F(ArchiveTest, SeveralFeedsInOneZipAreRefused) {
    EXPECT_EQ(code_of(zip({{"a/stops.txt", "x"}, {"b/stops.txt", "y"}})), ErrorCode::bad_data);
}

TEST_F(ArchiveTest, NamesThatLeadOutOfTheZipAreRefused) {
    for (const auto* name : {"../stops.txt", "a/../../stops.txt", "/stops.txt", "a\\stops.txt", "C:stops.txt"}) {
        EXPECT_EQ(code_of(zip({{name, "x"}})), ErrorCode::bad_data) << name;
    }
}

TEST_F(ArchiveTest, LinksInAZipAreRefused) {
    EXPECT_EQ(code_of(zip({{"stops.txt", "agency.txt", 0120777}})), ErrorCode::bad_data);
}

TEST_F(ArchiveTest, AnEntryThatComesTwiceIsRefused) {
    const auto path = zip({{"stops.txt", "x"}, {"stopz.txt", "y"}});
    patch(path, "stopz.txt", "stops.txt");
    EXPECT_EQ(code_of(path), ErrorCode::bad_data);
}

TEST_F(ArchiveTest, AnEncryptedEntryIsRefused) {
    const auto path = zip({{"stops.txt", "x"}});
    auto bytes = test::read_bytes(path);
    const auto central = bytes.find("PK\x01\x02");
    ASSERT_NE(central, std::string::npos);
    bytes[central + 8] = static_cast<char>(bytes[central + 8] | 1);  // the flag "encrypted"
    bytes[6] = static_cast<char>(bytes[6] | 1);
    test::write_bytes(path, bytes);
    EXPECT_EQ(code_of(path), ErrorCode::bad_data);
}

TEST_F(ArchiveTest, WhatIsNoZipIsRefused) {
    test::write_bytes(file("text.zip"), "stop_id,stop_name\n");
    test::write_bytes(file("empty.zip"), "");
    EXPECT_EQ(code_of(file("text.zip")), ErrorCode::bad_data);
    EXPECT_EQ(code_of(file("empty.zip")), ErrorCode::bad_data);
    EXPECT_EQ(code_of("/dev/null"), ErrorCode::bad_data);
    EXPECT_EQ(code_of(file("nowhere.zip")), ErrorCode::not_found);
}

TEST_F(ArchiveTest, ATruncatedZipIsRefused) {
    const auto path = zip({{"stops.txt", std::string(5000, 'x') + "end"}});
    const auto bytes = test::read_bytes(path);
    for (const auto size : {bytes.size() - 1, bytes.size() / 2, std::size_t{10}}) {
        test::write_bytes(path, bytes.substr(0, size));
        EXPECT_EQ(code_of(path), ErrorCode::bad_data) << size;
    }
}

TEST_F(ArchiveTest, DamageInsideAZipIsNoticedWhileReading) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919) + '\n';
    const auto path = zip({{"stops.txt", text}});
    auto bytes = test::read_bytes(path);
    bytes[200] = static_cast<char>(bytes[200] ^ 0x55);
    test::write_bytes(path, bytes);
    const auto archive = Archive::open(path);
    ASSERT_TRUE(archive) << archive.error().detail;
    EXPECT_TRUE(read(**archive, "stops.txt").starts_with("refused: 'stops.txt' is damaged in the zip"));
}

TEST_F(ArchiveTest, ABombIsStoppedByTheBytesThatComeOutOfIt) {
    // 30 MB of one letter pack to about 30 kB: a thousand times.
    const auto archive = Archive::open(zip({{"stops.txt", std::string(30'000'000, 'x')}}));
    ASSERT_TRUE(archive) << archive.error().detail;
    EXPECT_EQ(read(**archive, "stops.txt"), "refused: 'stops.txt' unpacks to more than 200 times its size");
}

TEST_F(ArchiveTest, EachLimitHoldsAtItsEdge) {
    const auto path = zip({{"stops.txt", std::string(100, 'x')}, {"trips.txt", std::string(100, 'y')}});
    const auto all_of = [&](const ArchiveLimits& limits) {
        const auto archive = Archive::open(path, limits);
        if (!archive) return "refused: " + archive.error().detail;
        const auto first = read(**archive, "stops.txt");
        return first.starts_with("refused") ? first : read(**archive, "trips.txt");
    };
    EXPECT_EQ(all_of({.entries = 2, .file_bytes = 100, .total_bytes = 200}), std::string(100, 'y'));
    EXPECT_EQ(all_of({.entries = 1}), "refused: the zip has 2 entries; at most 1 are read");
    EXPECT_EQ(all_of({.file_bytes = 99}), "refused: 'stops.txt' has more than 99 bytes");
    EXPECT_EQ(all_of({.total_bytes = 199}), "refused: the feed has more than 199 bytes");
    EXPECT_EQ(code_of(path, {.packed_bytes = 100}), ErrorCode::too_large);
}

TEST_F(ArchiveTest, AFolderDoesNotFollowLinks) {
    test::write_bytes(file("secret"), "outside");
    std::filesystem::create_directory(file("folder"));
    std::filesystem::create_symlink(file("secret"), file("folder") + "/stops.txt");
    const auto archive = Archive::open(file("folder"));
    ASSERT_TRUE(archive) << archive.error().detail;
    EXPECT_EQ(read(**archive, "stops.txt"), "refused: 'stops.txt' is a link: a feed has plain files");
}

TEST_F(ArchiveTest, AFolderWithTooManyFilesIsRefused) {
    std::filesystem::create_directory(file("folder"));
    for (int i = 0; i < 3; ++i) test::write_bytes(file("folder") + "/" + std::to_string(i), "x");
    EXPECT_EQ(code_of(file("folder"), {.entries = 2}), ErrorCode::too_large);
    EXPECT_EQ(code_of(file("folder"), {.entries = 3}), ErrorCode{});
}

}  // namespace
}  // namespace railbook::timetable
