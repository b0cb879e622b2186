#pragma once
/// JSON that comes from outside: parsed within limits, then read member by member, so that every mistake is reported
/// with its JSON Pointer (RFC 6901), unknown and duplicate members among them.

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include <railbook/result.hpp>

namespace railbook::base {

/// One JSON value. `mistakes` receives duplicate members; a syntax error is the Error.
Result<boost::json::value> parse_json(std::string_view text, ErrorCode code, std::vector<Mistake>& mistakes);

/// An Error that lists the mistakes; there is at least one.
Error error_of(ErrorCode code, std::vector<Mistake> mistakes);

/// `pointer` with one more step, escaped.
std::string pointer_to(std::string_view pointer, std::string_view member);
std::string pointer_to(std::string_view pointer, std::size_t index);

/// Reads the members of an object. What is wrong is added to `mistakes`, and the getter returns an empty value; the
/// caller looks at `mistakes` once, after everything was read. `finish` reports the members that nobody asked for.
class ObjectReader {
public:
    ObjectReader(const boost::json::value& value, std::string pointer, std::vector<Mistake>& mistakes);

    bool has(std::string_view name) const;
    std::string text(std::string_view name, std::size_t max = 256);  ///< Required, not empty.
    std::optional<std::string> optional_text(std::string_view name, std::size_t max = 256);
    std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<std::int64_t> optional_integer(std::string_view name, std::int64_t min, std::int64_t max);
    bool boolean(std::string_view name, bool otherwise);
    /// Each element with its pointer. `required`: at least one.
    void array(std::string_view name, std::size_t max, bool required,
               const std::function<void(const boost::json::value&, const std::string&)>& each);
    std::vector<std::string> texts(std::string_view name, std::size_t max);
    /// A nested object; nothing where it is missing.
    std::optional<ObjectReader> optional_object(std::string_view name);
    std::optional<ObjectReader> object(std::string_view name);  ///< Missing is a mistake.
    /// The raw member, marked as read; null where it is missing.
    const boost::json::value* member(std::string_view name);
    /// Members not read yet, marked as read: for objects whose member names are data.
    std::vector<std::pair<std::string, const boost::json::value*>> rest();

    void mistake(std::string_view name, std::string detail);
    const std::string& pointer() const { return pointer_; }
    std::vector<Mistake>& mistakes() { return mistakes_; }
    void finish();

private:
    const boost::json::object* object_ = nullptr;
    std::string pointer_;
    std::vector<Mistake>& mistakes_;
    std::set<std::string, std::less<>> read_;
};

}  // namespace railbook::base
