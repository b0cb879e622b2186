#pragma once
/// The examples of the documentation, for tests that try them.

#include <fstream>
#include <sstream>
#include <string>

namespace railbook::test {

/// The first JSON example of a file below docs/; empty where it has none.
inline std::string json_example(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream{std::string{RAILBOOK_SOURCE_DIR "/docs/"} + file}.rdbuf();
    const std::string all = text.str();
    const std::string begin = "```json\n";
    const auto from = all.find(begin);
    if (from == std::string::npos) return {};
    return all.substr(from + begin.size(), all.find("```", from + begin.size()) - from - begin.size());
}

}  // namespace railbook::test
