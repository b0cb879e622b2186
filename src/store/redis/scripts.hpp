#pragma once
/// The steps that are done inside of Redis, each one script. All keys of a script are in one slot: those of a run, or
/// those of an owner.
///
/// A run's keys are KEYS[1] to KEYS[3]: the run (a hash: its facts, and for each seat the spans that are taken), its
/// holds (a hash), its journal (a list: what the record does not know yet). The facts are e epoch, s open or closed, d
/// digest of what is pinned, q what changes with each step (version, latest time, last fence, last of the fences that
/// the run may give), of a lease z until when, k whose, f whether alone; and, where holds may be placed, g, which is
/// epoch and half of the digest.

#include <string>
#include <string_view>

namespace railbook::store::redis {

struct Script {
    std::string text;
    std::string sha;  ///< SHA-1, in hexadecimal: what EVALSHA names it by.
};

/// Shared by the scripts of runs: what may come instead of an answer.
///   none    Redis knows nothing of the run          old     it knows it from an epoch that is over
///   stale   the caller's epoch is over              closed  the run is the record's at the moment
///   busy    somebody moves the run
const Script& place_script();
const Script& extend_script();
const Script& release_script();
const Script& find_script();
const Script& look_script();
const Script& lease_script();
const Script& install_script();
const Script& trim_script();
const Script& hand_over_script();
const Script& leave_script();
const Script& draw_script();
const Script& reserve_script();
const Script& cancel_script();
const Script& note_hold_script();
const Script& note_answer_script();
const Script& forbid_script();
const Script& page_script();
const Script& grant_script();
const Script& begin_script();

}  // namespace railbook::store::redis
