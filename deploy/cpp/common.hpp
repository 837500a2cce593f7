// What the programs share: a picture comes in, the most probable classes and the response time go out.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>
#ifdef WITH_PNG
#include <png.h>
#endif

using Bytes = std::vector<uint8_t>;
using Floats = std::vector<float>;

struct Answer {
  Floats probabilities, logits, embedding;
};

struct Model {
  int width, height;
  std::vector<std::string> labels;  // empty: classes are told by their numbers
  std::function<Answer(const Bytes& rgb)> run;
};

inline Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("There is no file " + path + ".");
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

// Red, green and blue of a picture as bytes: a PNG file, or raw bytes from standard input for "-".
inline Bytes read_picture(const std::string& path, int width, int height) {
  Bytes rgb(size_t(3) * width * height);
  if (path == "-") {
    if (std::fread(rgb.data(), 1, rgb.size(), stdin) == rgb.size()) return rgb;
    throw std::runtime_error("Expected " + std::to_string(rgb.size()) + " bytes on standard input.");
  }
#ifdef WITH_PNG
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (!png_image_begin_read_from_file(&image, path.c_str())) throw std::runtime_error(path + ": " + image.message);
  image.format = PNG_FORMAT_RGB;
  if (int(image.width) != width || int(image.height) != height) {
    png_image_free(&image);
    throw std::runtime_error(path + ": expected a picture of " + std::to_string(width) + " x " +
                             std::to_string(height) + " pixels; resize it first.");
  }
  if (!png_image_finish_read(&image, nullptr, rgb.data(), 0, nullptr)) throw std::runtime_error(image.message);
  return rgb;
#else
  throw std::runtime_error("This program was built without libpng: hand the picture in as raw RGB bytes, with -.");
#endif
}

inline std::string list(const char* name, const Floats& values) {
  std::string text = std::string("\"") + name + "\": [";
  char number[32];
  for (size_t i = 0; i < values.size(); ++i) {
    std::snprintf(number, sizeof number, "%s%.9g", i ? ", " : "", values[i]);
    text += number;
  }
  return text + "]";
}

// The most memory that this process had so far, in bytes, as Linux counts it; 0 elsewhere.
inline long peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return 1024 * std::stol(line.substr(6));
  return 0;
}

inline double milliseconds(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
}

inline float quantile(Floats numbers, double share) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[std::min(size_t(share * numbers.size()), numbers.size() - 1)];
}

inline void tell(const Model& model, const Answer& answer, double first, const Floats& times) {
  std::vector<size_t> order(answer.probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return answer.probabilities[a] > answer.probabilities[b]; });
  order.resize(std::min<size_t>(order.size(), 5));
  for (size_t index : order) {
    const std::string label = index < model.labels.size() ? model.labels[index] : "class " + std::to_string(index);
    std::printf("%5.1f %%  %s\n", 100 * answer.probabilities[index], label.c_str());
  }
  if (times.empty()) return;
  std::printf("first %.2f ms, p50 %.2f ms, p95 %.2f ms over %zu runs\n", first, quantile(times, 0.5),
              quantile(times, 0.95), times.size());
}

// PROGRAM NETWORK PICTURE [RUNS] [--json]
inline int program(int argc, char** argv, const std::function<Model(const std::string&)>& open) try {
  std::vector<std::string> given(argv + 1, argv + argc);
  const bool json = !given.empty() && given.back() == "--json";
  if (json) given.pop_back();
  if (given.size() < 2 || given.size() > 3) {
    std::fprintf(stderr, "usage: %s NETWORK PICTURE.png [RUNS] [--json]\n", argv[0]);
    return 2;
  }
  const Model model = open(given[0]);
  const Bytes rgb = read_picture(given[1], model.width, model.height);
  Answer answer;
  const double first = milliseconds([&] { answer = model.run(rgb); });
  const long memory = peak_memory();
  Floats times(given.size() > 2 ? std::stoul(given[2]) : 100);
  for (float& time : times) time = float(milliseconds([&] { model.run(rgb); }));
  if (!json) return tell(model, answer, first, times), 0;
  std::printf("{\"first\": %.4f, \"memory\": %ld, %s, %s, %s, %s}\n", first, memory, list("times", times).c_str(),
              list("probabilities", answer.probabilities).c_str(), list("logits", answer.logits).c_str(),
              list("embedding", answer.embedding).c_str());
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
