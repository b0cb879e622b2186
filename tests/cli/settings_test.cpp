#include "cli/program.hpp"

namespace railbook::test {
namespace {

using testing::HasSubstr;

class SettingsTest : public ProgramTest {
protected:
    /// `value origin` of a setting.
    std::string setting(const std::string& key, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments{"config", "show", "--origin", "-o", "csv"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto outcome = run_plain(arguments);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return cut(outcome.out, "\n" + key + ",", "\n");
    }
};

TEST_F(SettingsTest, AFlagWinsOverTheEnvironmentTheEnvironmentOverTheFileTheFileOverTheDefault) {
    EXPECT_EQ(setting("hold_ttl"), "15m,default");
    write("railbook.toml", "hold_ttl = \"5m\"\nmax_seats = 4\n");
    EXPECT_EQ(setting("hold_ttl", {"--config", "railbook.toml"}), "5m,file railbook.toml");
    EXPECT_EQ(setting("max_seats", {"--config", "railbook.toml"}), "4,file railbook.toml");
    environment["RAILBOOK_HOLD_TTL"] = "6m";
    EXPECT_EQ(setting("hold_ttl", {"--config", "railbook.toml"}), "6m,environment RAILBOOK_HOLD_TTL");
    EXPECT_EQ(setting("hold_ttl", {"--config", "railbook.toml", "--hold-ttl", "7m"}), "7m,flag");
}

TEST_F(SettingsTest, TheEnvironmentMayNameTheFileAndTheFlagAnother) {
    write("one.toml", "max_holds = 1\n");
    write("two.toml", "max_holds = 2\n");
    environment["RAILBOOK_CONFIG"] = "one.toml";
    EXPECT_EQ(setting("max_holds"), "1,file one.toml");
    EXPECT_EQ(setting("max_holds", {"--config", "two.toml"}), "2,file two.toml");
}

TEST_F(SettingsTest, EverySettingHasItsDefault) { expect_golden("config-show", {"config", "show"}); }

TEST_F(SettingsTest, AnUnknownKeyIsRefusedWithItsPlace) {
    write("railbook.toml", "max_seats = 4\nhold_tll = \"5m\"\n");
    const auto outcome = run_plain({"config", "show", "--config", "railbook.toml"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("railbook.toml:2:"));
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'hold_ttl'?"));
}

TEST_F(SettingsTest, ABadValueIsRefusedWithWhereItCameFrom) {
    const auto flag = run_plain({"config", "show", "--hold-ttl", "soon"});
    EXPECT_EQ(flag.exit_code, 2);
    EXPECT_THAT(flag.err, HasSubstr("hold-ttl (flag)"));
    EXPECT_EQ(run_plain({"config", "show", "--hold-ttl", "0s"}).exit_code, 2);
    EXPECT_EQ(run_plain({"config", "show", "--max-seats", "0"}).exit_code, 2);
    EXPECT_EQ(run_plain({"config", "show", "--max-seats", "-1"}).exit_code, 2);
    EXPECT_EQ(run_plain({"config", "show", "--max-holds", "0"}).exit_code, 0);
    write("number.toml", "hold_ttl = 1.5\n");
    EXPECT_EQ(run_plain({"config", "show", "--config", "number.toml"}).exit_code, 2);
    write("broken.toml", "hold_ttl = \n");
    const auto broken = run_plain({"config", "show", "--config", "broken.toml"});
    EXPECT_EQ(broken.exit_code, 2);
    EXPECT_THAT(broken.err, HasSubstr("broken.toml:1:"));
    environment["RAILBOOK_QUOTE_TTL"] = "x";
    EXPECT_THAT(run_plain({"config", "show"}).err, HasSubstr("environment RAILBOOK_QUOTE_TTL"));
}

TEST_F(SettingsTest, TheLifeOfAHoldFollowsItsSetting) {
    import_tiny();
    const auto held = run({"hold", "create", "2026-12-01.tiny:1", "--from", "tiny:A", "--to", "tiny:C", "--hold-ttl",
                           "2m", "-o", "json"});
    ASSERT_EQ(held.exit_code, 0) << held.err;
    EXPECT_EQ(json_member(held.out, "/expires_at"), "2026-11-30T12:02:00Z");
}

TEST_F(SettingsTest, OptionsOfEveryCommandStandBeforeItOrBehindIt) {
    const auto before = run_plain({"-o", "json", "--now", "2026-11-30", "--hold-ttl", "3m", "config", "show"});
    const auto behind = run_plain({"config", "show", "-o", "json", "--now", "2026-11-30", "--hold-ttl", "3m"});
    EXPECT_EQ(before.exit_code, 0) << before.err;
    EXPECT_EQ(before.out, behind.out);
    EXPECT_THAT(before.out, HasSubstr("\"3m\""));
}

TEST_F(SettingsTest, TheStoreLiesInTheFolderOfTheUserWhereNothingElseIsSaid) {
    EXPECT_EQ(run_plain({"feed", "list", "-o", "json"}).out, "[]\n");
    EXPECT_TRUE(std::filesystem::exists(folder / "railbook.db"));
    environment["RAILBOOK_STORE"] = "sqlite:other.db";
    EXPECT_EQ(run_plain({"feed", "list", "-o", "json"}).exit_code, 0);
    EXPECT_TRUE(std::filesystem::exists(folder / "other.db"));
}

}  // namespace
}  // namespace railbook::test
