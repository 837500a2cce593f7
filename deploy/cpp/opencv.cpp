// What is on a picture, by OpenCV's dnn module and an ONNX file.
#include <opencv2/dnn.hpp>

#include "common.hpp"

// The side of a picture, which OpenCV does not tell: in the file's metadata the key, two bytes of the format, the number.
static int input_size(const std::string& path) {
  const Bytes file = read_file(path);
  const std::string text(file.begin(), file.end()), key = "input_size";
  const size_t at = text.rfind(key);
  if (at == std::string::npos) throw std::runtime_error(path + " does not say how large a picture it takes.");
  return std::atoi(text.c_str() + at + key.size() + 2);
}

int main(int argc, char** argv) {
  return program(argc, argv, [](const std::string& path) {
    cv::setNumThreads(1);
    const int side = input_size(path);
    cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
    return Model{side, side, {}, [net, side](const Bytes& rgb) mutable {
                   Floats pixels(rgb.begin(), rgb.end());
                   net.setInput(cv::Mat({1, side, side, 3}, CV_32F, pixels.data()));
                   std::vector<cv::Mat> found;
                   net.forward(found, std::vector<cv::String>{"probabilities", "logits", "embedding"});
                   Answer answer;
                   Floats* parts[] = {&answer.probabilities, &answer.logits, &answer.embedding};
                   for (int i = 0; i < 3; ++i) parts[i]->assign(found[i].begin<float>(), found[i].end<float>());
                   return answer;
                 }};
  });
}
