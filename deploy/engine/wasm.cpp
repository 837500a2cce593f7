// The engine for a browser or Node: JavaScript writes bytes into this memory, calls, and reads floats out of it.
#include <cstdlib>

#include "engine.hpp"

static engine::Network network;

// In place of the C++ library's own, which would bring its error messages and treble the size of the file.
void* operator new(size_t bytes) { return std::malloc(bytes); }
void operator delete(void* pointer) noexcept { std::free(pointer); }
void operator delete(void* pointer, size_t) noexcept { std::free(pointer); }
_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(char const*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

extern "C" {
#define EXPORTED(name) __attribute__((export_name(#name)))
EXPORTED(allocate) void* allocate(int bytes) { return std::malloc(bytes); }
EXPORTED(release) void release(void* pointer) { std::free(pointer); }
EXPORTED(load) int load(const uint8_t* data, int size) { return network.load(data, size); }
EXPORTED(run) void run(const uint8_t* pixels) { network.run(pixels); }
EXPORTED(height) int height() { return network.input.height; }
EXPORTED(width) int width() { return network.input.width; }
EXPORTED(classes) int classes() { return int(network.logits.size()); }
EXPORTED(features) int features() { return int(network.embedding.size()); }
EXPORTED(probabilities) const float* probabilities() { return network.probabilities.data(); }
EXPORTED(logits) const float* logits() { return network.logits.data(); }
EXPORTED(embedding) const float* embedding() { return network.embedding.data(); }
}
