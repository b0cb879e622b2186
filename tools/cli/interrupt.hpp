#pragma once
/// Ctrl-C. A command of one step may end at once, for every step of the store is atomic. A command of several steps
/// defers the interruption to the end of its step, and then undoes what would be half done.

namespace railbook::cli {

/// Ctrl-C ends the process with 130 and no message; a closed pipe is an error of write, not a signal.
void install_signal_handlers();

/// While one or more of these live, the first Ctrl-C is only noted; a second one ends the process.
class DeferInterrupt {
public:
    DeferInterrupt();
    ~DeferInterrupt();
    DeferInterrupt(const DeferInterrupt&) = delete;
    DeferInterrupt& operator=(const DeferInterrupt&) = delete;
};
bool interrupted();

}  // namespace railbook::cli
