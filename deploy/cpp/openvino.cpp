// What is on a picture, by OpenVINO and an ONNX file.
#include <openvino/openvino.hpp>

#include "common.hpp"

int main(int argc, char** argv) {
  return program(argc, argv, [](const std::string& path) {
    ov::Core core;  // in single precision: by default newer processors compute in bfloat16
    auto compiled = core.compile_model(path, "CPU", ov::hint::inference_precision(ov::element::f32),
                                       ov::inference_num_threads(1));
    const ov::Shape shape = compiled.input().get_partial_shape().get_min_shape();
    const int height = int(shape[1]), width = int(shape[2]);
    auto request = compiled.create_infer_request();
    return Model{width, height, {}, [request, width, height](const Bytes& rgb) mutable {
                   Bytes pixels = rgb;
                   request.set_input_tensor({ov::element::u8, {1, size_t(height), size_t(width), 3}, pixels.data()});
                   request.infer();
                   const auto floats = [&](const char* name) {
                     const ov::Tensor found = request.get_tensor(name);
                     return Floats(found.data<float>(), found.data<float>() + found.get_size());
                   };
                   return Answer{floats("probabilities"), floats("logits"), floats("embedding")};
                 }};
  });
}
