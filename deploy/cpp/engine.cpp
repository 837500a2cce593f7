// What is on a picture, by our own engine and a flat file.
#include "../engine/engine.hpp"

#include <memory>

#include "common.hpp"

// The class names in the JSON of a flat file: the list behind "labels", which stands last.
static std::vector<std::string> labels_of(const Bytes& file) {
  engine::Header header;
  std::memcpy(&header, file.data(), sizeof header);
  const char* begin = reinterpret_cast<const char*>(file.data()) + sizeof header + header.layers * sizeof(engine::Record);
  const std::string text(begin, begin + header.metadata_bytes);
  std::vector<std::string> labels;
  size_t at = text.find('[', text.find("\"labels\""));
  while (at != std::string::npos && (at = text.find('"', at + 1)) != std::string::npos) {
    std::string label;
    for (++at; at < text.size() && text[at] != '"'; ++at) label += text[at] == '\\' ? text[++at] : text[at];
    labels.push_back(label);
  }
  return labels;
}

int main(int argc, char** argv) {
  return program(argc, argv, [](const std::string& path) {
    const Bytes file = read_file(path);
    auto network = std::make_shared<engine::Network>();
    if (!network->load(file.data(), file.size())) throw std::runtime_error(path + " is no flat file.");
    return Model{network->input.width, network->input.height, labels_of(file), [network](const Bytes& rgb) {
                   network->run(rgb.data());
                   return Answer{network->probabilities, network->logits, network->embedding};
                 }};
  });
}
