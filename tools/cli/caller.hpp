#pragma once
/// Calls operations on behalf of one principal.

#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include <railbook/engine.hpp>
#include <railbook/ids.hpp>
#include <railbook/result.hpp>

namespace railbook::cli {

/// What an operation answered: the text as it came, and the same as a value (null where there is no text).
struct Answer {
    std::string text;
    boost::json::value value;
};

/// The engine and the environment must outlive it.
class Caller {
public:
    /// `key` is the idempotency key of its commands; empty: each gets a random one.
    Caller(Engine& engine, Environment& environment, Principal principal, std::string key);

    /// Errors: those of the operation, with a hint.
    Result<Answer> call(std::string_view operation, const boost::json::object& body);
    /// The same for a body that is JSON text already: nothing of a document is lost by parsing it twice.
    Result<Answer> call_with_text(std::string_view operation, const std::string& body);
    /// Every item of a list, over all its pages.
    Result<boost::json::array> call_for_all(std::string_view operation, boost::json::object body);

    Engine& engine() { return engine_; }
    Environment& environment() { return environment_; }
    const Principal& principal() const { return principal_; }

private:
    Engine& engine_;
    Environment& environment_;
    Principal principal_;
    std::string key_;
};

}  // namespace railbook::cli
