#include "tidy/tree.hpp"

#include <algorithm>
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

namespace railbook::tidy {
namespace {

const std::filesystem::path kRoot{RAILBOOK_SOURCE_DIR};

SourceFile read(const std::filesystem::path& path) {
    SourceFile file{std::filesystem::relative(path, kRoot).generic_string(), {}};
    std::ifstream in{path};
    EXPECT_TRUE(in) << "cannot read " << file.path;
    for (std::string line; std::getline(in, line);) file.lines.push_back(line);
    return file;
}

/// Blanks comments and literals, over line ends, where `blank_next` is asked for each character in turn.
class Blanker {
public:
    std::string blank(const std::string& line) {
        std::string out;
        if (state_ == State::line_comment) state_ = State::code;
        for (std::size_t i = 0; i < line.size();) i += step(line, i, out);
        // Neither a string nor a character goes on over the end of a line.
        if (state_ == State::text || state_ == State::character) state_ = State::code;
        return out;
    }

private:
    enum class State { code, line_comment, comment, text, character, raw_text };

    /// Takes the next piece of the line and returns its length.
    std::size_t step(const std::string& line, std::size_t i, std::string& out) {
        const std::string_view rest = std::string_view{line}.substr(i);
        switch (state_) {
            case State::code: return step_in_code(line, i, out);
            case State::comment:
                if (!rest.starts_with("*/")) return 1;
                state_ = State::code;
                return 2;
            case State::raw_text:
                if (!rest.starts_with(raw_end_)) return 1;
                state_ = State::code;
                return raw_end_.size();
            case State::text:
            case State::character:
                if (rest.front() == '\\') return std::min<std::size_t>(2, rest.size());
                if (rest.front() == (state_ == State::text ? '"' : '\'')) state_ = State::code;
                return 1;
            case State::line_comment: return rest.size();
        }
        return rest.size();
    }

    std::size_t step_in_code(const std::string& line, std::size_t i, std::string& out) {
        const std::string_view rest = std::string_view{line}.substr(i);
        if (rest.starts_with("//")) {
            state_ = State::line_comment;
            return rest.size();
        }
        if (rest.starts_with("/*")) {
            state_ = State::comment;
            return 2;
        }
        if (rest.starts_with("R\"")) {
            const std::size_t open = rest.find('(');
            if (open != std::string_view::npos) {
                raw_end_ = ")" + std::string{rest.substr(2, open - 2)} + "\"";
                state_ = State::raw_text;
                return open + 1;
            }
        }
        const bool separates_digits = i > 0 && std::isalnum(static_cast<unsigned char>(line[i - 1])) != 0;
        if (rest.front() == '"') {
            state_ = State::text;
            out += "\"\"";
        } else if (rest.front() == '\'' && !separates_digits) {
            state_ = State::character;
            out += "''";
        } else {
            out += rest.front();
        }
        return 1;
    }

    State state_ = State::code;
    std::string raw_end_;
};

}  // namespace

bool SourceFile::is_in(std::string_view folder) const { return path.starts_with(folder); }

std::string_view SourceFile::extension() const {
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? std::string_view{} : std::string_view{path}.substr(dot);
}

std::string place(const SourceFile& file, std::size_t line, std::string_view what) {
    return file.path + ":" + std::to_string(line) + ": " + std::string{what};
}

std::vector<SourceFile> files_in(const std::vector<std::string>& folders, const std::set<std::string>& extensions) {
    std::vector<SourceFile> files;
    for (const auto& folder : folders) {
        EXPECT_TRUE(std::filesystem::is_directory(kRoot / folder)) << folder << " is not a folder of the tree";
        for (const auto& entry : std::filesystem::recursive_directory_iterator{kRoot / folder}) {
            if (entry.is_regular_file() && extensions.contains(entry.path().extension().string())) {
                files.push_back(read(entry.path()));
            }
        }
    }
    std::sort(files.begin(), files.end(), [](const auto& left, const auto& right) { return left.path < right.path; });
    return files;
}

std::vector<SourceFile> code_in(const std::vector<std::string>& folders) {
    return files_in(folders, {".cpp", ".hpp", ".h"});
}

SourceFile file_at(const std::string& path) { return read(kRoot / path); }

bool exists(const std::string& path) { return std::filesystem::exists(kRoot / path); }

std::vector<Include> includes_of(const SourceFile& file) {
    static const std::regex pattern{R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)"};
    std::vector<Include> includes;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
        std::smatch match;
        if (std::regex_match(file.lines[i], match, pattern)) includes.push_back({match[2], match[1] == "\"", i + 1});
    }
    return includes;
}

std::vector<std::string> code_of(const SourceFile& file) {
    Blanker blanker;
    std::vector<std::string> lines;
    lines.reserve(file.lines.size());
    for (const auto& line : file.lines) lines.push_back(blanker.blank(line));
    return lines;
}

}  // namespace railbook::tidy
