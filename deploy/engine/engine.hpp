// A small engine for convolutional networks: what each layer computes, and nothing else. deploy/README.md describes the
// file of weights. A map is stored place by place, the channels of a place side by side: (height, width, channels).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace engine {

constexpr int kLanes = 8;   // output channels that are computed together: two SIMD registers of WebAssembly, one of AVX2
constexpr int kPlaces = 4;  // places of a map that share one reading of the weights
typedef float Lanes __attribute__((vector_size(4 * kLanes), aligned(4)));
using Floats = std::vector<float>;

struct Shape {
  int height, width, channels;
  int size() const { return height * width * channels; }
};

struct Header {
  char name[8];  // "glassbox"
  int32_t version, weight_bytes, height, width, channels, layers, metadata_bytes;
};

enum Kind : int32_t { kConvolution = 1, kMaxPooling, kFlatten, kDense, kSoftmax };

struct Record {
  int32_t kind, outputs, kernel, stride, same, relu, embedding;
};

struct Layer {
  Record about;
  Shape in, out;
  int above, left;      // rows and columns of padding before the map; what is behind it follows from the shapes
  Floats bias, kernel;  // kernel: blocks of kLanes output channels, each (kernel, kernel, in.channels, kLanes)
};

// How many windows fit along a side of the map, and how many places are padded before it (as Keras and TensorFlow pad).
inline int windows(int side, const Record& layer, int& before) {
  int count = layer.same ? (side + layer.stride - 1) / layer.stride : (side - layer.kernel) / layer.stride + 1;
  before = layer.same ? std::max((count - 1) * layer.stride + layer.kernel - side, 0) / 2 : 0;
  return count;
}

inline float half_to_float(uint16_t half) {
  uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
  float value = exponent ? std::ldexp(float(fraction | 1024), int(exponent) - 25) : std::ldexp(float(fraction), -24);
  return half >> 15 ? -value : value;
}

// Multiply and add for kPlaces neighbouring windows and kLanes channels. A row of a window lies in one piece.
template <int places>
void accumulate(const Layer& layer, const float* window, int row, const float* kernel, const float* bias, float* out,
                int channels) {
  const int length = layer.about.kernel * layer.in.channels, step = layer.about.stride * layer.in.channels;
  Lanes sums[places];
  for (Lanes& sum : sums) std::memcpy(&sum, bias, sizeof sum);
  for (int u = 0; u < layer.about.kernel; ++u, window += row)
    for (int i = 0; i < length; ++i, kernel += kLanes)
      for (int p = 0; p < places; ++p) sums[p] += window[p * step + i] * *reinterpret_cast<const Lanes*>(kernel);
  for (int p = 0; p < places; ++p, out += layer.out.channels)
    for (int k = 0; k < channels; ++k) out[k] = layer.about.relu ? std::max(sums[p][k], 0.0f) : sums[p][k];
}

// out[y, x, k] = bias[k] + sum over u, v, c of in[stride y + u, stride x + v, c] * kernel[u, v, c, k], then ReLU.
inline void convolve(const Layer& layer, const Floats& in, Floats& padded, Floats& out) {
  const auto& [about, from, to, above, left, bias, kernel] = layer;
  const int height = std::max((to.height - 1) * about.stride + about.kernel, above + from.height);
  const int width = std::max((to.width - 1) * about.stride + about.kernel, left + from.width);
  const int row = width * from.channels, window = about.kernel * about.kernel * from.channels;
  padded.assign(size_t(height) * row, 0.0f);
  for (int y = 0; y < from.height; ++y)
    std::copy_n(&in[y * from.width * from.channels], from.width * from.channels,
                &padded[(y + above) * row + left * from.channels]);
  for (int first = 0; first < to.channels; first += kLanes)
    for (int y = 0; y < to.height; ++y)
      for (int x = 0; x < to.width;) {
        const bool many = x + kPlaces <= to.width;
        (many ? accumulate<kPlaces> : accumulate<1>)(
            layer, &padded[(y * row + x * from.channels) * about.stride], row, &kernel[size_t(first) * window],
            &bias[first], &out[(y * to.width + x) * to.channels + first], std::min(kLanes, to.channels - first));
        x += many ? kPlaces : 1;
      }
}

// out[y, x, k] = the largest in[stride y + u, stride x + v, k] of the window, as far as it lies inside the map.
inline void pool(const Layer& layer, const Floats& in, Floats& out) {
  const auto& [about, from, to, above, left, bias, kernel] = layer;
  std::fill(out.begin(), out.end(), -INFINITY);
  for (int y = 0; y < to.height; ++y)
    for (int x = 0; x < to.width; ++x)
      for (int u = 0; u < about.kernel; ++u)
        for (int v = 0; v < about.kernel; ++v) {
          const int i = y * about.stride + u - above, j = x * about.stride + v - left;
          if (i < 0 || i >= from.height || j < 0 || j >= from.width) continue;
          const float* seen = &in[(i * from.width + j) * from.channels];
          float* best = &out[(y * to.width + x) * to.channels];
          for (int k = 0; k < to.channels; ++k) best[k] = std::max(best[k], seen[k]);
        }
}

inline void softmax(const Floats& scores, Floats& out) {
  const float high = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (size_t k = 0; k < scores.size(); ++k) sum += out[k] = std::exp(scores[k] - high);
  for (float& value : out) value /= sum;
}

class Network {
 public:
  Shape input{};
  Floats probabilities, logits, embedding;

  // Read a file of weights; false where it is none, is cut off, or holds what this engine does not know.
  bool load(const uint8_t* data, size_t size) {
    const uint8_t *end = data + size, *records = data + sizeof(Header);
    Header header;
    if (size < sizeof header) return false;
    std::memcpy(&header, data, sizeof header);
    if (std::memcmp(header.name, "glassbox", 8) != 0 || header.version != 1) return false;
    if (header.layers < 1 || size_t(header.layers) > (size - sizeof header) / sizeof(Record)) return false;
    const uint8_t* weights = records + header.layers * sizeof(Record);
    if (header.metadata_bytes < 0 || header.metadata_bytes > end - weights) return false;
    weights += header.metadata_bytes;
    input = {header.height, header.width, header.channels};
    layers.assign(header.layers, {});
    Shape shape = input;
    for (Layer& layer : layers) {
      std::memcpy(&layer.about, records, sizeof(Record));
      records += sizeof(Record);
      if (!prepare(layer, shape) || !fill(layer, header.weight_bytes, weights, end)) return false;
      shape = layer.out;
    }
    return weights == end && layers.back().about.kind == kSoftmax;
  }

  // One picture, red, green and blue of every place as a byte each.
  void run(const uint8_t* pixels) {
    values.assign(pixels, pixels + input.size());
    for (const Layer& layer : layers) {
      if (layer.about.kind != kFlatten) {  // which leaves the numbers where they are
        next.resize(layer.out.size());
        if (layer.about.kind == kSoftmax) {
          logits = values;
          softmax(values, next);
        } else if (layer.about.kind == kMaxPooling) {
          pool(layer, values, next);
        } else {
          convolve(layer, values, padded, next);
        }
        values.swap(next);
      }
      if (layer.about.embedding) embedding = values;
    }
    probabilities = values;
  }

 private:
  std::vector<Layer> layers;
  Floats values, next, padded;

  // The shapes of a layer. A dense layer is a convolution of one place with all that came before as its channels.
  static bool prepare(Layer& layer, Shape in) {
    Record& about = layer.about;
    if (about.kind < kConvolution || about.kind > kSoftmax || in.size() < 1) return false;
    const bool slides = about.kind == kConvolution || about.kind == kMaxPooling;
    if (!slides) in = {1, 1, in.size()}, about.kernel = about.stride = 1, about.same = 0;
    const bool weighted = about.kind == kConvolution || about.kind == kDense;
    if (about.kernel < 1 || about.stride < 1 || (weighted && about.outputs < 1)) return false;
    layer.in = in;
    layer.out.height = windows(in.height, about, layer.above);
    layer.out.width = windows(in.width, about, layer.left);
    layer.out.channels = weighted ? about.outputs : in.channels;
    return layer.out.height > 0 && layer.out.width > 0;
  }

  // Bias, scales (of one-byte weights) and kernel of a layer, the kernel rearranged into blocks of channels.
  static bool fill(Layer& layer, int bytes, const uint8_t*& data, const uint8_t* end) {
    if (layer.about.kind != kConvolution && layer.about.kind != kDense) return true;
    const size_t outputs = layer.out.channels, blocks = (outputs + kLanes - 1) / kLanes;
    const size_t window = size_t(layer.about.kernel) * layer.about.kernel * layer.in.channels;
    const size_t heads = outputs * (bytes == 1 ? 8 : 4), weights = (window * outputs * bytes + 3) / 4 * 4;
    if ((bytes != 1 && bytes != 2 && bytes != 4) || size_t(end - data) < heads + weights) return false;
    Floats scales(outputs, 1.0f);
    layer.bias.assign(blocks * kLanes, 0.0f);
    std::memcpy(layer.bias.data(), data, outputs * 4);
    if (bytes == 1) std::memcpy(scales.data(), data + outputs * 4, outputs * 4);
    layer.kernel.assign(blocks * kLanes * window, 0.0f);
    for (size_t i = 0; i < window; ++i)
      for (size_t k = 0; k < outputs; ++k) {
        const uint8_t* weight = data + heads + (i * outputs + k) * bytes;
        float& value = layer.kernel[((k / kLanes) * window + i) * kLanes + k % kLanes];
        uint16_t half;
        if (bytes == 4) std::memcpy(&value, weight, 4);
        else if (bytes == 2) std::memcpy(&half, weight, 2), value = half_to_float(half);
        else value = scales[k] * int8_t(*weight);
      }
    data += heads + weights;
    return true;
  }
};

}  // namespace engine
