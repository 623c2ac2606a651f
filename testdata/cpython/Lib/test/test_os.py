import os
import unittest


class NameTest(unittest.TestCase):
    def test_name(self):
        self.assertIn(os.name, ("nt", "posix"))
