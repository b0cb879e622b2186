#include "operations/passengers.hpp"

#include <gtest/gtest.h>

namespace railbook::operations {
namespace {

QuotePassenger of_type(std::string type) { return {.id = {}, .type = std::move(type)}; }

TEST(PassengersTest, AreReadFromOneText) {
    const std::vector<QuotePassenger> family{of_type("adult"), of_type("adult"), {{}, "child", 8}, {{}, {}, 3}};
    EXPECT_EQ(*parse_passengers("adult:2, child@8 ,@3"), family);
    EXPECT_EQ(*parse_passengers("adult@40:2"), (std::vector<QuotePassenger>{{{}, "adult", 40}, {{}, "adult", 40}}));
    EXPECT_EQ(parse_passengers("adult:100")->size(), 100U);
}

TEST(PassengersTest, ThatAreNoneAreRefused) {
    for (const auto* text : {"", ",", "adult,", ":2", "@", "child@", "child@x", "child@-1", "child@151", "adult:0",
                             "adult:101", "adult:x", "adult:2:3", "adult:99,child:2"}) {
        const auto parsed = parse_passengers(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::invalid_argument) << text;
        EXPECT_FALSE(parsed.error().hint.empty()) << text;
    }
}

std::pair<std::vector<QuotePassenger>, std::vector<Mistake>> take(std::string_view json, bool required = true) {
    std::vector<Mistake> mistakes;
    const auto value = base::parse_json(json, ErrorCode::invalid_argument, mistakes);
    EXPECT_TRUE(value) << json;
    base::ObjectReader body{*value, "", mistakes};
    auto passengers = take_passengers(body, required);
    body.finish();
    return {passengers, mistakes};
}

TEST(PassengersTest, AreATextOrAListOfObjectsAndTexts) {
    const std::vector<QuotePassenger> two{of_type("adult"), {"x", "child", 8}};
    EXPECT_EQ(take(R"({"passengers": "adult"})").first, std::vector{of_type("adult")});
    EXPECT_EQ(take(R"({"passengers": ["adult", {"id": "x", "type": "child", "age": 8}]})").first, two);
    EXPECT_TRUE(take("{}", false).second.empty());
}

TEST(PassengersTest, ThatAreWrongAreNamedByTheirPointers) {
    const auto pointers = [](std::string_view json) {
        std::vector<std::string> found;
        for (const auto& mistake : take(json).second) found.push_back(mistake.pointer);
        return found;
    };
    EXPECT_EQ(pointers("{}"), std::vector<std::string>{"/passengers"});
    EXPECT_EQ(pointers(R"({"passengers": []})"), std::vector<std::string>{"/passengers"});
    EXPECT_EQ(pointers(R"({"passengers": 3})"), std::vector<std::string>{"/passengers"});
    EXPECT_EQ(pointers(R"({"passengers": "child@x"})"), std::vector<std::string>{"/passengers"});
    EXPECT_EQ(pointers(R"({"passengers": ["adult", "child@x", "adult:2", {"age": 200}, 7]})"),
              (std::vector<std::string>{"/passengers/1", "/passengers/2", "/passengers/3/age", "/passengers/4"}));
}

}  // namespace
}  // namespace railbook::operations
