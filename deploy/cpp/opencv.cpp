// What is on a picture, by OpenCV's dnn module and an ONNX file.
#include <opencv2/dnn.hpp>

#include "common.hpp"

int main(int argc, char** argv) {
  return program(argc, argv, [](const std::string& path) {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(path);
    std::vector<cv::dnn::MatShape> in, out;
    net.getLayerShapes(cv::dnn::MatShape(), 0, in, out);
    const int height = out[0][1], width = out[0][2];
    return Model{width, height, {}, [net, width, height](const Bytes& rgb) mutable {
                   Floats pixels(rgb.begin(), rgb.end());
                   net.setInput(cv::Mat({1, height, width, 3}, CV_32F, pixels.data()));
                   std::vector<cv::Mat> found;
                   net.forward(found, std::vector<cv::String>{"probabilities", "logits", "embedding"});
                   Answer answer;
                   Floats* parts[] = {&answer.probabilities, &answer.logits, &answer.embedding};
                   for (int i = 0; i < 3; ++i) parts[i]->assign(found[i].begin<float>(), found[i].end<float>());
                   return answer;
                 }};
  });
}
