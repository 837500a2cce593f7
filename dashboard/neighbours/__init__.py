"""kNN or network?"""
