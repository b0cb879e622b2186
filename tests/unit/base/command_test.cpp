#include "base/command.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::base {
namespace {

const HoldId kHold{};

TEST(CanonicalTest, EqualRequestsHaveEqualFingerprints) {
    EXPECT_EQ(Canonical{}.add("a").add("b").fingerprint(), Canonical{}.add("a").add("b").fingerprint());
    EXPECT_EQ(Canonical{}.add("a").fingerprint().size(), 64U);
}

TEST(CanonicalTest, MovingABorderBetweenFieldsMakesAnotherRequest) {
    EXPECT_NE(Canonical{}.add("ab").add("c").fingerprint(), Canonical{}.add("a").add("bc").fingerprint());
    EXPECT_NE(Canonical{}.add("a").add("").fingerprint(), Canonical{}.add("a").fingerprint());
    EXPECT_NE(Canonical{}.add(1).add(2).fingerprint(), Canonical{}.add(12).fingerprint());
    EXPECT_NE(Canonical{}.add("#1;").fingerprint(), Canonical{}.add(1).fingerprint());
}

RC_GTEST_PROP(CanonicalTest, DifferentFieldsHaveDifferentFingerprints,
              (const std::vector<std::string>& left, const std::vector<std::string>& right)) {
    const auto fingerprint = [](const std::vector<std::string>& fields) {
        Canonical text;
        for (const auto& field : fields) text.add(field);
        return text.fingerprint();
    };
    RC_ASSERT((left == right) == (fingerprint(left) == fingerprint(right)));
}

TEST(CommandKeyTest, MustHave1To255Bytes) {
    EXPECT_EQ(check_key({""}).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(check_key({"k"}));
    EXPECT_TRUE(check_key({std::string(255, 'k')}));
    EXPECT_EQ(check_key({std::string(256, 'k')}).error().code, ErrorCode::invalid_argument);
}

TEST(ClaimTest, OnlyAnOperatorMayLeaveTheFenceOutAndActForEveryone) {
    EXPECT_EQ(make_claim(Principal::user_named("anna"), kHold, std::nullopt).error().code, ErrorCode::invalid_argument);
    const auto own = make_claim(Principal::user_named("anna"), kHold, 7);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->owner, "user:anna");
    EXPECT_EQ(own->fence, 7U);
    EXPECT_FALSE(own->any_owner);
    const auto staff = make_claim(Principal::operator_named("cli"), kHold, std::nullopt);
    ASSERT_TRUE(staff);
    EXPECT_TRUE(staff->any_owner);
}

TEST(MaySeeTest, OnesOwnAndForOperatorsEverything) {
    EXPECT_TRUE(may_see(Principal::user_named("anna"), "user:anna"));
    EXPECT_FALSE(may_see(Principal::user_named("anna"), "user:ben"));
    EXPECT_FALSE(may_see(Principal::user_named("anna"), "guest:anna"));
    EXPECT_TRUE(may_see(Principal::operator_named("cli"), "user:anna"));
}

TEST(MakeCommandTest, CarriesWhoWhatWhenAndUnderWhichKey) {
    const auto command = make_command(Principal::user_named("anna"), "hold.create", {"k"}, Canonical{}.add("x"),
                                      Timestamp{Duration{5}}, Duration{6});
    EXPECT_EQ(command.owner, "user:anna");
    EXPECT_EQ(command.operation, "hold.create");
    EXPECT_EQ(command.key.text, "k");
    EXPECT_EQ(command.fingerprint, Canonical{}.add("x").fingerprint());
    EXPECT_EQ(command.now, Timestamp{Duration{5}});
    EXPECT_EQ(command.keep_answer, Duration{6});
}

}  // namespace
}  // namespace railbook::base
