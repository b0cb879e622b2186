#include "base/json.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

namespace railbook::base {
namespace {

constexpr std::size_t kMaxDepth = 32;

/// Builds a value and notices members that come twice, which Boost.JSON's own parser lets pass.
class Handler {
public:
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    using error_code = boost::system::error_code;

    std::vector<std::string> duplicates;  // pointers
    boost::json::value_stack stack;

    bool on_document_begin(error_code&) {
        stack.reset();
        return true;
    }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code&) {
        levels_.push_back({});
        levels_.back().is_array = true;
        return true;
    }
    bool on_array_end(std::size_t n, error_code&) {
        levels_.pop_back();
        stack.push_array(n);
        step();
        return true;
    }
    bool on_object_begin(error_code&) {
        levels_.push_back({});
        return true;
    }
    bool on_object_end(std::size_t n, error_code&) {
        levels_.pop_back();
        stack.push_object(n);
        step();
        return true;
    }
    bool on_string_part(std::string_view s, std::size_t, error_code&) {
        stack.push_chars(s);
        return true;
    }
    bool on_string(std::string_view s, std::size_t, error_code&) {
        stack.push_string(s);
        step();
        return true;
    }
    bool on_key_part(std::string_view s, std::size_t, error_code&) {
        key_ += s;
        stack.push_chars(s);
        return true;
    }
    bool on_key(std::string_view s, std::size_t, error_code&) {
        key_ += s;
        stack.push_key(s);
        auto& level = levels_.back();
        level.member = std::move(key_);
        key_.clear();
        if (!level.members.insert(level.member).second) duplicates.push_back(here());
        return true;
    }
    bool on_number_part(std::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t i, std::string_view, error_code&) { return push(i); }
    bool on_uint64(std::uint64_t u, std::string_view, error_code&) { return push(u); }
    bool on_double(double d, std::string_view, error_code&) { return push(d); }
    bool on_bool(bool b, error_code&) {
        stack.push_bool(b);
        step();
        return true;
    }
    bool on_null(error_code&) {
        stack.push_null();
        step();
        return true;
    }
    bool on_comment_part(std::string_view, error_code&) { return true; }
    bool on_comment(std::string_view, error_code&) { return true; }

private:
    struct Level {
        bool is_array = false;
        std::size_t index = 0;
        std::string member;
        std::set<std::string, std::less<>> members;
    };

    template <class Number>
    bool push(Number number) {
        if constexpr (std::is_same_v<Number, double>) stack.push_double(number);
        else if constexpr (std::is_same_v<Number, std::int64_t>) stack.push_int64(number);
        else stack.push_uint64(number);
        step();
        return true;
    }
    void step() {
        if (!levels_.empty()) ++levels_.back().index;
    }
    std::string here() const {
        std::string pointer;
        for (const auto& level : levels_) {
            pointer = level.is_array ? pointer_to(pointer, level.index) : pointer_to(pointer, level.member);
        }
        return pointer;
    }

    std::vector<Level> levels_;
    std::string key_;
};

std::string_view kind_of(const boost::json::value& value) {
    switch (value.kind()) {
        case boost::json::kind::null: return "null";
        case boost::json::kind::bool_: return "a boolean";
        case boost::json::kind::int64:
        case boost::json::kind::uint64:
        case boost::json::kind::double_: return "a number";
        case boost::json::kind::string: return "a string";
        case boost::json::kind::array: return "an array";
        case boost::json::kind::object: return "an object";
    }
    return "nothing";
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, ErrorCode code, std::vector<Mistake>& mistakes) {
    boost::json::parse_options options;
    options.max_depth = kMaxDepth;
    boost::json::basic_parser<Handler> parser{options};
    boost::system::error_code error;
    std::size_t used = parser.write_some(false, text.data(), text.size(), error);
    while (!error && used < text.size() && std::string_view{" \t\r\n"}.find(text[used]) != std::string_view::npos)
        ++used;
    if (!error && used < text.size()) error = boost::json::error::extra_data;
    if (error) {
        std::size_t line = 1;
        std::size_t column = 1;
        for (std::size_t i = 0; i < used && i < text.size(); ++i) {
            if (text[i] == '\n') {
                ++line;
                column = 1;
            } else {
                ++column;
            }
        }
        const auto detail = error == boost::json::error::too_deep
                                ? fmt::format("deeper than {} levels", kMaxDepth)
                                : fmt::format("not JSON at line {}, column {}: {}", line, column, error.message());
        return Error{code, detail};
    }
    for (auto& pointer : parser.handler().duplicates) mistakes.push_back({std::move(pointer), "comes twice"});
    return parser.handler().stack.release();
}

Error error_of(ErrorCode code, std::vector<Mistake> mistakes) {
    std::string detail = mistakes.front().pointer.empty()
                             ? mistakes.front().detail
                             : fmt::format("{}: {}", mistakes.front().pointer, mistakes.front().detail);
    if (mistakes.size() > 1) detail += fmt::format(" (and {} more)", mistakes.size() - 1);
    return Error{code, std::move(detail), {}, std::move(mistakes)};
}

std::string pointer_to(std::string_view pointer, std::string_view member) {
    std::string result{pointer};
    result += '/';
    for (const char c : member) {
        if (c == '~') result += "~0";
        else if (c == '/') result += "~1";
        else result += c;
    }
    return result;
}

std::string pointer_to(std::string_view pointer, std::size_t index) { return fmt::format("{}/{}", pointer, index); }

ObjectReader::ObjectReader(const boost::json::value& value, std::string pointer, std::vector<Mistake>& mistakes)
    : object_{value.if_object()}, pointer_{std::move(pointer)}, mistakes_{mistakes} {
    if (!object_) mistakes_.push_back({pointer_, fmt::format("must be an object, not {}", kind_of(value))});
}

bool ObjectReader::has(std::string_view name) const { return object_ && object_->contains(name); }

void ObjectReader::mistake(std::string_view name, std::string detail) {
    mistakes_.push_back({pointer_to(pointer_, name), std::move(detail)});
}

const boost::json::value* ObjectReader::member(std::string_view name) {
    if (!object_) return nullptr;
    const auto* found = object_->if_contains(name);
    if (found) read_.emplace(name);
    return found;
}

std::string ObjectReader::text(std::string_view name, std::size_t max) {
    auto value = optional_text(name, max);
    if (!value) {
        if (object_ && !has(name)) mistake(name, "is missing");
        return {};
    }
    if (value->empty()) mistake(name, "must not be empty");
    return std::move(*value);
}

std::optional<std::string> ObjectReader::optional_text(std::string_view name, std::size_t max) {
    const auto* value = member(name);
    if (!value) return std::nullopt;
    const auto* found = value->if_string();
    if (!found) {
        mistake(name, fmt::format("must be a string, not {}", kind_of(*value)));
        return std::nullopt;
    }
    if (found->size() > max) {
        mistake(name, fmt::format("must have at most {} bytes", max));
        return std::nullopt;
    }
    if (std::string_view{*found}.find('\0') != std::string_view::npos) {
        mistake(name, "must not hold a NUL character");
        return std::nullopt;
    }
    return std::string{*found};
}

std::int64_t ObjectReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const auto value = optional_integer(name, min, max);
    if (!value && object_ && !has(name)) mistake(name, "is missing");
    return value.value_or(0);
}

std::optional<std::int64_t> ObjectReader::optional_integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const auto* value = member(name);
    if (!value) return std::nullopt;
    const auto* found = value->if_int64();
    if (!found) {
        mistake(name, value->is_number() ? "must be a whole number within 64 bits"
                                         : fmt::format("must be a whole number, not {}", kind_of(*value)));
        return std::nullopt;
    }
    if (*found < min || *found > max) {
        mistake(name, fmt::format("must be from {} to {}", min, max));
        return std::nullopt;
    }
    return *found;
}

bool ObjectReader::boolean(std::string_view name, bool otherwise) {
    const auto* value = member(name);
    if (!value) return otherwise;
    if (const auto* found = value->if_bool()) return *found;
    mistake(name, fmt::format("must be true or false, not {}", kind_of(*value)));
    return otherwise;
}

void ObjectReader::array(std::string_view name, std::size_t max, bool required,
                         const std::function<void(const boost::json::value&, const std::string&)>& each) {
    const auto* value = member(name);
    if (!value) {
        if (required && object_) mistake(name, "is missing");
        return;
    }
    const auto* found = value->if_array();
    if (!found) return mistake(name, fmt::format("must be an array, not {}", kind_of(*value)));
    if (found->size() > max) return mistake(name, fmt::format("must have at most {} elements", max));
    if (found->empty() && required) return mistake(name, "must not be empty");
    const auto base = pointer_to(pointer_, name);
    for (std::size_t i = 0; i < found->size(); ++i) each((*found)[i], pointer_to(base, i));
}

std::vector<std::string> ObjectReader::texts(std::string_view name, std::size_t max) {
    std::vector<std::string> values;
    array(name, max, false, [&](const boost::json::value& value, const std::string& pointer) {
        if (const auto* found = value.if_string()) values.emplace_back(*found);
        else mistakes_.push_back({pointer, fmt::format("must be a string, not {}", kind_of(value))});
    });
    return values;
}

std::optional<ObjectReader> ObjectReader::optional_object(std::string_view name) {
    const auto* value = member(name);
    if (!value) return std::nullopt;
    return ObjectReader{*value, pointer_to(pointer_, name), mistakes_};
}

std::optional<ObjectReader> ObjectReader::object(std::string_view name) {
    auto found = optional_object(name);
    if (!found && object_) mistake(name, "is missing");
    return found;
}

std::vector<std::pair<std::string, const boost::json::value*>> ObjectReader::rest() {
    std::vector<std::pair<std::string, const boost::json::value*>> members;
    if (!object_) return members;
    for (const auto& member : *object_) {
        if (read_.contains(std::string_view{member.key()})) continue;
        members.emplace_back(member.key(), &member.value());
        read_.emplace(member.key());
    }
    return members;
}

void ObjectReader::finish() {
    if (!object_) return;
    for (const auto& member : *object_) {
        if (!read_.contains(std::string_view{member.key()})) mistake(member.key(), "is not known here");
    }
}

}  // namespace railbook::base
